/**
 * The client of an event room, in browsers and Node: connects, reconnects, resumes after the last event it saw, and sends
 * each message under one id until it is answered. It stands between the application and a connection. Exported as
 * `corridor/client`, served at `/client.js` as one file (`bundle.ts`).
 */
import { resolve } from './address.ts'
import { Backoff, isFinal, type Loss } from './backoff.ts'
import { Connector } from './connector.ts'
import { Cursor, type WelcomeData } from './cursor.ts'
import { CorridorError } from './error.ts'
import type { EventBuffer } from './event-buffer.ts'
import { parseFrame } from './frame.ts'
import { Listeners } from './listeners.ts'
import { Liveness, onWake } from './liveness.ts'
import { Outbox } from './outbox.ts'
import { Pause } from './pause.ts'
import { randomId } from './random-id.ts'
import type { Ack, ClientRoom, EventTypes, Options, Refusal, Reset, RoomEvent, State } from './types.ts'

export { CorridorError } from './error.ts'
export type {
  Ack,
  ClientRoom,
  EventOf,
  Options,
  Problem,
  Refusal,
  Reset,
  RoomEvent,
  State,
} from './types.ts'

/** How a connection ended, in addition to its code and reason. */
type Ending = Pick<Loss, 'atOnce' | 'isTimeout'> & { refusal?: Refusal | undefined }

/**
 * Joins the event room at `path` and reconnects after a loss: `connect<typeof chat>('/chat', { name: 'Ann' })`.
 * `path` is below the page's base or the option `url` (`/chat`), or a full `http(s)` or `ws(s)` URL. Throws a `TypeError`
 * for a path without a base, for a malformed `offset`, and if there is no `WebSocket`.
 */
export function connect<D extends EventTypes = EventTypes>(path: string, options: Options = {}): ClientRoom<D> {
  // The types of `D` exist only for the caller. Here a type is a string and its data is unknown.
  return new Client(path, options) as ClientRoom<EventTypes> as ClientRoom<D>
}

class Client {
  readonly client: string
  you: WelcomeData['you'] | undefined
  #options: Options
  #backoff: Backoff
  #cursor: Cursor
  #outbox: Outbox
  #liveness: Liveness
  #state: State = { state: 'connecting' }
  #connector: Connector
  #pause: Pause
  #stopWaking: () => void
  #listeners = new Listeners()

  constructor(path: string, options: Options) {
    if (!(options.WebSocket ?? globalThis.WebSocket)) {
      throw new TypeError('expected a global WebSocket (Node 22 and newer have one) or the option WebSocket')
    }
    this.#options = options
    this.#backoff = new Backoff(options.retry)
    this.client = options.client ?? randomId()
    this.#cursor = new Cursor(options.offset)
    this.#outbox = new Outbox(randomId(), options.maxQueue ?? 1000, this.#backoff.retry)
    this.#connector = new Connector({
      client: this.client,
      url: resolve(path, options.url),
      options,
      offset: () => this.offset,
      dialled: () => this.#liveness.start(this.#backoff.welcomeTimeoutMs),
      // Unanswered messages are sent again.
      replaced: () => this.#outbox.pause(),
      events: {
        message: (text) => this.#receive(text),
        activity: () => this.#liveness.received(),
        lost: (code, reason, refusal) => this.#lost(code, reason, { refusal }),
      },
    })
    const { capMs } = this.#backoff.retry
    this.#pause = new Pause(capMs, this.#open, this.#change)
    this.#liveness = new Liveness({
      isOpen: () => this.state === 'open',
      isOverdue: (now) => this.#outbox.isOverdue(now),
      send: (text) => this.#connector.send(text),
      dead: (reason, atOnce) => this.#lost(1006, reason, { atOnce, isTimeout: true }),
    })
    this.#stopWaking = onWake((what) => {
      if (this.state === 'waiting' && what !== 'offline') this.#open()
      if (this.state === 'open') this.#liveness.check(what !== 'visible')
    })
    this.#open()
  }

  get state(): State['state'] {
    return this.#state.state
  }

  get retryAt(): number | undefined {
    return this.#state.retryAt
  }

  get epoch(): string | undefined {
    return this.#cursor.epoch
  }

  get offset(): string | undefined {
    return this.#cursor.offset
  }

  send(type: string, data?: unknown): Promise<Ack> {
    if (this.state !== 'closed') return this.#outbox.add(type, data)
    return Promise.reject(new CorridorError('closed', 'this room was closed; connect again'))
  }

  on(type: string, fn: (event: RoomEvent) => void): () => void {
    return this.#listeners.on(type, fn)
  }

  onState(fn: (change: State) => void): () => void {
    return this.#listeners.onState(fn)
  }

  [Symbol.asyncIterator](): EventBuffer {
    const buffer = this.#listeners.buffer(this.#options.maxBuffer ?? 1000)
    if (this.state === 'closed') buffer.end()
    return buffer
  }

  close(): void {
    this.#end(1000, 'closed by the application')
  }

  #open = (): void => {
    this.#pause.end()
    this.#backoff.begin()
    this.#liveness.start()
    this.#connector.open()
    this.#change({ state: 'connecting' })
  }

  #drop(code?: number): void {
    this.#liveness.stop()
    this.#outbox.pause()
    this.#connector.drop(code)
  }

  #lost(code: number, reason: string, { refusal, ...how }: Ending = {}): void {
    const wasOpen = this.state === 'open'
    if (this.#connector.isReplaced(reason)) {
      this.#outbox.pause()
      return
    }
    if (code === 1009) this.#outbox.rejectLargest()
    if (isFinal(code, reason, this.#connector.renews)) {
      this.#end(code, reason)
      return
    }
    const delayMs = this.#backoff.waitMs({ code, reason, wasOpen, ageMs: this.#liveness.ageMs, ...how })
    this.#drop()
    if (refusal) this.#pause.refused(refusal, delayMs)
    else this.#pause.begin(code, reason, delayMs)
    if (!wasOpen) void this.#explain()
  }

  /** A connection had no welcome: reports why, and waits as long as the server asks. */
  async #explain(): Promise<void> {
    const refusal = await this.#connector.refusal()
    if (refusal && this.state === 'waiting') this.#pause.refused(refusal)
  }

  #end(code: number, reason: string): void {
    if (this.state === 'closed') return
    this.#drop(1000)
    this.#pause.end()
    this.#stopWaking()
    this.#outbox.rejectAll(`the room was closed (${code} ${reason})`)
    this.#change({ state: 'closed', code, reason })
    this.#listeners.end()
  }

  #change = (change: State): void => {
    this.#state = change
    this.#listeners.notifyState(change)
  }

  #receive(text: string): void {
    this.#liveness.received()
    const frame = parseFrame(text)
    if (frame?.type === 'welcome') this.#welcome(frame.data as WelcomeData)
    else if (!frame || this.state !== 'open') {
      this.#end(1002, `expected a welcome and then events, got ${text.slice(0, 60)}; is this an event room?`)
    } else if (frame.type === 'ack') this.#outbox.acknowledged(frame)
    else if (frame.type === 'error' && frame.id !== undefined) this.#outbox.refused(frame.id, frame)
    else this.#event(frame)
  }

  #welcome(welcome: WelcomeData): void {
    if (!welcome?.epoch || !Number.isSafeInteger(welcome.seq)) {
      this.#lost(1002, 'expected a welcome with epoch and seq')
      return
    }
    const isFurther = this.#connector.isWelcomed
    // The room has moved to another node: what was on its way there is sent again.
    if (isFurther) this.#outbox.pause()
    const missed = this.#cursor.welcome(welcome, isFurther)
    this.you = welcome.you
    this.#connector.welcomed(welcome)
    // With a new token, or where the room has moved, it was open before.
    if (this.state !== 'open') this.#change({ state: 'open' })
    if (missed) this.#deliver(missed)
    this.#outbox.open((text) => this.#connector.send(text), welcome.time)
  }

  #event(event: RoomEvent): void {
    if (event.type === 'reset') this.#cursor.reset((event as Reset).data)
    const step = event.seq === undefined ? 'next' : this.#cursor.advance(event.seq)
    if (step === 'gap') this.#lost(1002, `event ${event.seq} came too early`)
    if (step === 'next') this.#deliver(event)
  }

  #deliver(event: RoomEvent): void {
    this.#listeners.deliver(event, () => this.#cursor.missed('slow'))
  }
}
