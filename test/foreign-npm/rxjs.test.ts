/** `webSocket` of `rxjs`, with `defer` for the URL of each connection and `retry` and `repeat` to connect again. */
import { defer, firstValueFrom, repeat, retry, take, toArray } from 'rxjs'
import { type WebSocketSubject, webSocket } from 'rxjs/webSocket'
import { describe, expect, it } from 'vitest'
import type { Message } from './heard.ts'
import { openStage } from './stage.ts'
import { behavesAsWebSocketClient, messageOf } from './web-socket-cases.ts'

behavesAsWebSocketClient({
  name: 'rxjs',
  tokens: ['subprotocol'],
  isReturning: true,
  open({ address, protocols, heard, opened, ended, tries }) {
    let socket: WebSocketSubject<Message> | undefined
    const messages = defer(() => {
      socket = webSocket<Message>({
        url: address(),
        ...(protocols && { protocol: protocols }),
        binaryType: 'arraybuffer',
        // The message as it is; the default is JSON.
        serializer: (message) => (typeof message === 'string' ? message : new Uint8Array(message)),
        deserializer: ({ data }) => messageOf(data),
        openObserver: { next: opened },
        closeObserver: { next: ({ code, reason }) => ended(code, reason) },
      })
      return socket
    })
    const again = { delay: 20, ...(tries !== undefined && { count: tries }) }
    // `repeat` counts the first time too.
    const lasting = tries === 0 ? messages : messages.pipe(retry(again), repeat(again))
    const subscription = lasting.subscribe({ next: heard, error() {} })
    return {
      send: (message) => socket?.next(message),
      close(code = 1000, reason = '') {
        if (code !== 1000 || reason) socket?.error({ code, reason })
        subscription.unsubscribe()
      },
    }
  },
})

describe('rxjs as it is by default', () => {
  const stage = openStage()

  it('takes and gives the events of a room as objects', async () => {
    const socket = webSocket<object>(`${stage.ws}/notes/objects?name=Ann`)
    const heard = firstValueFrom(socket.pipe(take(2), toArray()))
    socket.next({ type: 'note', data: { text: 'hello' } })
    expect(await heard).toMatchObject([{ type: 'welcome' }, { type: 'noted', seq: 1, data: { text: 'hello' } }])
  })
})
