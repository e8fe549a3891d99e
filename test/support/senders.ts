/**
 * The ways to send to an event room, with one interface: a WebSocket, Socket.IO, an event stream with posts, and plain
 * posts. Each message resolves to its outcome, so that a suite can ask the same of each.
 */
import { post } from './event-stream.ts'
import type { TestServer } from './server.ts'
import { type Answer, joinSocketIo, type SocketIoTransport } from './socketio-peer.ts'
import { joinStream } from './stream-peer.ts'

/** `kept`, or the code of the error it was answered with; `gone`: the sender went before the answer. */
export type Outcome = string

export interface Said {
  readonly type: string
  readonly data: unknown
  readonly id?: string
}

export interface Sender {
  /** Sends a message. `id`: under which it may be sent again. */
  say(type: string, data: unknown, id?: string): Promise<Outcome>
  /** Says many together, where the wire has a way to. */
  sayAll?(messages: readonly Said[]): Promise<Outcome>
  /** Goes without a word. */
  lose(): void
}

export interface WireUnderTest {
  readonly name: string
  /** Whether messages may come together. */
  readonly hasBatches: boolean
  /** `client`: the stable id of the sender. */
  sender(server: TestServer, path: string, client: string): Promise<Sender>
}

export const webSocket: WireUnderTest = {
  name: 'a WebSocket',
  hasBatches: false,
  async sender(server, path, client) {
    const peer = await server.connect(path, { client })
    await peer.next('welcome')
    // Said twice under one id, it is answered twice, in the order of the messages.
    const waiting = new Map<string, ((outcome: Outcome) => void)[]>()
    const pump = async () => {
      for (;;) {
        const { type, id, data } = await peer.next<{ code: string }>()
        if (type === 'ack') waiting.get(id ?? '')?.shift()?.('kept')
        if (type === 'error') waiting.get(id ?? '')?.shift()?.(data.code)
      }
    }
    // It ends with the connection.
    pump().catch(() => {
      for (const answers of waiting.values()) for (const answer of answers) answer('gone')
    })
    return {
      say(type, data, id = crypto.randomUUID()) {
        const { promise, resolve } = Promise.withResolvers<Outcome>()
        waiting.set(id, [...(waiting.get(id) ?? []), resolve])
        peer.send(type, data, id)
        return promise
      },
      lose: () => peer.terminate(),
    }
  },
}

export const socketIo = (transport: SocketIoTransport): WireUnderTest => ({
  name: `Socket.IO by ${transport}`,
  hasBatches: false,
  async sender(server, path, client) {
    const peer = await joinSocketIo(server, path, { client }, transport)
    await peer.next('welcome')
    return {
      say(type, data, id) {
        const answer = new Promise<Outcome>((resolve) => {
          const heard = (answer: Answer) => resolve(answer.ok ? 'kept' : answer.code)
          peer.socket.emit(type, data, ...(id === undefined ? [] : [{ id }]), heard)
        })
        return Promise.race([answer, peer.closed.then(() => 'gone')])
      },
      lose: () => peer.terminate(),
    }
  },
})

async function outcomeOf(answer: Promise<Response>): Promise<Outcome> {
  const response = await answer.catch(() => undefined)
  if (!response) return 'gone'
  return response.ok ? 'kept' : ((await response.json()) as { error: string }).error
}

/** Sends messages by requests that end with their sender. */
function poster(url: string, headers: Record<string, string>, lose: () => void): Sender {
  const abort = new AbortController()
  const say = (body: unknown) => outcomeOf(post(url, body, headers, abort.signal))
  return {
    say: (type, data, id) => say({ type, data, id }),
    sayAll: say,
    lose() {
      abort.abort()
      lose()
    },
  }
}

export const eventStream: WireUnderTest = {
  name: 'an event stream with posts',
  hasBatches: true,
  async sender(server, path, client) {
    const peer = await joinStream(server.url + path, { client })
    await peer.next('welcome')
    return poster(server.url + path, { 'Corridor-Peer': await peer.token }, () => peer.terminate())
  },
}

export const plainPost: WireUnderTest = {
  name: 'plain posts',
  hasBatches: true,
  async sender(server, path, client) {
    return poster(`${server.url}${path}?client=${client}`, {}, () => {})
  },
}
