/**
 * The client of an event room, in browsers and Node: connects, comes back by itself, resumes after the last event it
 * saw, and sends each message under one id until it is answered. Above it stands the application, beneath it a
 * transport. Exported as `corridor/client`, served at `/client.js` as one file (`bundle.ts`).
 */
import { resolve, withQuery } from './address.ts'
import { Backoff, isFinal, type Loss } from './backoff.ts'
import { Cursor, type Welcome } from './cursor.ts'
import { CorridorError } from './error.ts'
import { parseFrame } from './frame.ts'
import { Listeners } from './listeners.ts'
import { Outbox } from './outbox.ts'
import { Pause } from './pause.ts'
import { onWake, Pulse } from './pulse.ts'
import { randomId } from './random-id.ts'
import type { Reader } from './reader.ts'
import { askWhy } from './refusal.ts'
import { Road } from './road.ts'
import type {
  Ack,
  ClientRoom,
  Options,
  Refusal,
  Reset,
  RoomEvent,
  Speech,
  State,
  Transport,
  TransportEvents,
} from './types.ts'
import type { Target } from './websocket.ts'

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

/** How a connection ended, beside its code and reason. */
type Ending = Pick<Loss, 'atOnce' | 'isTimeout'> & { refusal?: Refusal | undefined }

/**
 * Joins the event room at `path` and stays: `connect<typeof chat>('/chat', { name: 'Ann' })`.
 * `path`: `/chat`, below the page's base (or the option `url`), or a full `http(s)` or `ws(s)` URL.
 */
export function connect<D extends Speech = Speech>(path: string, options: Options = {}): ClientRoom<D> {
  // The types of `D` exist only for the caller: within, a type is a string and its data unknown.
  return new Client(path, options) as ClientRoom<Speech> as ClientRoom<D>
}

class Client {
  readonly client: string
  you: Welcome['you'] | undefined
  #options: Options
  #backoff: Backoff
  #url: URL
  #cursor: Cursor
  #outbox: Outbox
  #pulse: Pulse
  #state: State = { state: 'connecting' }
  #transport: Transport | undefined
  /** Counts connections; what an earlier one still says is not heard. */
  #turn = 0
  #target: Target | undefined
  #road = new Road()
  #pause: Pause
  #stopWaking: () => void
  #listeners = new Listeners()

  constructor(path: string, options: Options) {
    if (!(options.WebSocket ?? globalThis.WebSocket)) {
      throw new TypeError('expected a global WebSocket (Node 22 and newer have one) or the option WebSocket')
    }
    this.#options = options
    this.#backoff = new Backoff(options.retry)
    this.#url = resolve(path, options.url)
    this.client = options.client ?? randomId()
    this.#cursor = new Cursor(options.offset)
    this.#outbox = new Outbox(randomId(), options.maxQueue ?? 1000, this.#backoff.retry)
    const { capMs } = this.#backoff.retry
    this.#pause = new Pause(capMs, this.#open, this.#change)
    this.#pulse = new Pulse({
      isOpen: () => this.state === 'open',
      isOverdue: (now) => this.#outbox.isOverdue(now),
      send: (text) => this.#transport?.send(text),
      dead: (reason, atOnce) => this.#lost(1006, reason, { atOnce, isTimeout: true }),
    })
    this.#stopWaking = onWake((what) => {
      if (this.state === 'waiting' && what !== 'offline') this.#open()
      if (this.state === 'open') this.#pulse.check(what !== 'seen')
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

  [Symbol.asyncIterator](): Reader {
    const reader = this.#listeners.read(this.#options.maxBuffer ?? 1000)
    if (this.state === 'closed') reader.end()
    return reader
  }

  close(): void {
    this.#end(1000, 'closed by the application')
  }

  #open = (): void => {
    this.#pause.end()
    this.#backoff.begin()
    this.#pulse.start()
    const turn = ++this.#turn
    const events: TransportEvents = {
      message: (text) => turn === this.#turn && this.#hear(text),
      sign: () => turn === this.#turn && this.#pulse.heard(),
      lost: (code, reason, refusal) => turn === this.#turn && this.#lost(code, reason, { refusal }),
    }
    this.#dial(turn, events).catch((error) => events.lost(1006, String(error)))
    this.#change({ state: 'connecting' })
  }

  async #dial(turn: number, events: TransportEvents): Promise<void> {
    const { token: given, name } = this.#options
    const token = typeof given === 'function' ? await given() : given
    if (turn !== this.#turn) return
    const url = withQuery(this.#url, { name, client: this.client, offset: this.offset })
    this.#pulse.start(this.#backoff.patienceMs)
    this.#target = { url, token }
    this.#transport = this.#road.open(this.#target, this.#options, events)
  }

  /** Lets go of the connection. By default not with 1000: the room should hold our place, we are coming back. */
  #drop(code = 4000): void {
    this.#turn++
    this.#pulse.stop()
    this.#outbox.pause()
    this.#transport?.close(code, '')
    this.#transport = undefined
  }

  #lost(code: number, reason: string, { refusal, ...how }: Ending = {}): void {
    const wasOpen = this.state === 'open'
    if (code === 1009) this.#outbox.rejectLargest()
    if (isFinal(code, reason, typeof this.#options.token === 'function')) {
      this.#end(code, reason)
      return
    }
    const delayMs = this.#backoff.waitMs({ code, reason, wasOpen, ageMs: this.#pulse.age, ...how })
    this.#drop()
    if (refusal) this.#pause.refused(refusal, delayMs)
    else this.#pause.begin(code, reason, delayMs)
    if (wasOpen) return
    if (this.#road.isHttp) this.#road.missed()
    else void this.#ask()
  }

  /** A WebSocket did not come about: asks over HTTP why. */
  async #ask(): Promise<void> {
    const turn = this.#turn
    if (!this.#target) return
    const { fetch = globalThis.fetch, credentials = 'same-origin' } = this.#options
    const why = await askWhy(this.#target, fetch, credentials)
    if (why === 'admitted') this.#road.blocked()
    else if (why && turn === this.#turn && this.state === 'waiting') this.#pause.refused(why)
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
    this.#listeners.changed(change)
  }

  #hear(text: string): void {
    this.#pulse.heard()
    const frame = parseFrame(text)
    if (frame?.type === 'welcome') this.#welcome(frame.data as Welcome)
    else if (!frame || this.state !== 'open') {
      this.#end(1002, `expected a welcome and then events, got ${text.slice(0, 60)}; is this an event room?`)
    } else if (frame.type === 'ack') this.#outbox.acknowledged(frame)
    else if (frame.type === 'error' && frame.id !== undefined) this.#outbox.refused(frame.id, frame.data)
    else this.#event(frame)
  }

  #welcome(welcome: Welcome): void {
    if (!welcome?.epoch || !Number.isSafeInteger(welcome.seq)) {
      this.#lost(1002, 'expected a welcome with epoch and seq')
      return
    }
    const missed = this.#cursor.welcome(welcome)
    this.you = welcome.you
    this.#road.arrived()
    this.#change({ state: 'open' })
    if (missed) this.#deliver(missed)
    this.#outbox.open((text) => this.#transport?.send(text), welcome.time)
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
