/**
 * The client against a network under the test's control: a WebSocket that a test speaks through, and time that stands
 * still until the test lets it pass.
 */
import { afterEach, beforeEach, vi } from 'vitest'
import { z } from 'zod'
import { type Ack, type CorridorError, connect, type Options, type State } from '../../src/client/client.ts'
import type { WelcomeData } from '../../src/client/cursor.ts'
import { defineRoom } from '../../src/define.ts'

export const chat = defineRoom({
  receives: { say: z.object({ text: z.string() }), typing: z.object({}).optional() },
  sends: { said: z.object({ text: z.string() }), entered: z.object({ name: z.string() }) },
  open: () => ({ receive: { say() {}, typing() {} } }),
})

/** Time and chance of each test of the file are in its hands. */
export function stillTime(): void {
  beforeEach(() => {
    vi.useFakeTimers()
    vi.spyOn(Math, 'random').mockReturnValue(0.5)
  })

  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })
}

/** One connection, seen from the server. */
export class Socket extends EventTarget {
  readonly url: URL
  readonly protocols: string[]
  readonly sent: string[] = []
  closedWith: number | undefined

  constructor(url: string, protocols: string[] = []) {
    super()
    this.url = new URL(url)
    this.protocols = protocols
  }

  send(text: string) {
    this.sent.push(text)
  }

  close(code?: number) {
    this.closedWith ??= code
  }

  /** What the client said, without its probes. */
  get messages(): { type: string; data: { text: string }; id: string }[] {
    return this.sent.map((text) => JSON.parse(text)).filter(({ type }) => type !== 'welcome')
  }

  get offset() {
    return this.url.searchParams.get('offset')
  }

  say(frame: unknown) {
    const data = typeof frame === 'string' ? frame : JSON.stringify(frame)
    this.dispatchEvent(new MessageEvent('message', { data }))
  }

  welcome(data: Partial<WelcomeData> = {}) {
    const you = { id: 'p1', name: 'Ann' }
    this.say({ type: 'welcome', data: { room: '/chat', you, epoch: 'E', first: 1, seq: 0, ...data } })
  }

  event(seq: number) {
    this.say({ type: 'said', seq, time: seq, data: { text: `event ${seq}` } })
  }

  ack(index: number, more: object = {}) {
    this.say({ type: 'ack', id: this.messages[index]?.id, kept: 'fsync', ...more })
  }

  refuse(index: number, code: string, message = code) {
    this.say({ type: 'error', id: this.messages[index]?.id, data: { code, message } })
  }

  lose(code = 1006, reason = '') {
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason }))
  }
}

/** A room's client, and the connections it opens. */
export async function enter(options: Options = {}, path = '/chat') {
  const sockets: Socket[] = []
  class Dialled extends Socket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols)
      sockets.push(this)
    }
  }
  const room = connect<typeof chat>(path, {
    url: 'http://example.org/sub',
    WebSocket: Dialled as unknown as NonNullable<Options['WebSocket']>,
    fetch: () => Promise.reject(new TypeError('no way by HTTP')),
    ...options,
  })
  const seen: (number | string)[] = []
  const states: State[] = []
  room.on('*', (event) => seen.push('seq' in event && event.seq !== undefined ? event.seq : event.type))
  room.onState((change) => states.push(change))
  /** The newest connection, once it is begun. */
  const line = async () => {
    await vi.advanceTimersByTimeAsync(0)
    return sockets.at(-1) as Socket
  }
  /** Lets the client wait out its pause and come back. */
  const back = async () => {
    const before = sockets.length
    while (sockets.length === before) await vi.advanceTimersToNextTimerAsync()
    return sockets.at(-1) as Socket
  }
  return { room, sockets, seen, states, line, back, first: await line() }
}

/** An unanswered send must not be an unhandled rejection in the test that made it. */
export const outcome = (sent: Promise<Ack>) => sent.catch((error: CorridorError) => error)
