/**
 * The client of an event room, in browsers and Node: connects, comes back by itself, resumes after the last event it
 * saw, and sends each message under one id until it is answered. Above it stands the application, beneath it a
 * transport. Exported as `corridor/client`, served at `/client.js` as one file (`bundle.ts`).
 */
import { resolve } from './address.ts'
import { isFinal, RETRY, waitMs } from './backoff.ts'
import { Cursor, type Welcome } from './cursor.ts'
import { CorridorError } from './error.ts'
import { parseFrame } from './frame.ts'
import { Outbox } from './outbox.ts'
import { onWake, Pulse } from './pulse.ts'
import { Reader } from './reader.ts'
import { Road } from './road.ts'
import type {
  Ack,
  ClientRoom,
  Options,
  Reset,
  Retry,
  RoomEvent,
  Speech,
  State,
  StateName,
  Transport,
  TransportEvents,
} from './types.ts'

export { CorridorError } from './error.ts'
export type { Ack, ClientRoom, EventOf, Options, Problem, Reset, RoomEvent, State, StateName } from './types.ts'

/** A connection that lasted this long makes its loss a first one. */
const STABLE_MS = 5000

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
  #retry: Retry
  #url: URL
  #cursor: Cursor
  #outbox: Outbox
  #pulse: Pulse
  #state: State = { state: 'connecting' }
  #transport: Transport | undefined
  /** Counts connections; what an earlier one still says is not heard. */
  #turn = 0
  /** Since the last connection that lasted. */
  #attempts = 0
  #road = new Road()
  #timer: ReturnType<typeof setTimeout> | undefined
  #stopWaking: () => void
  #listeners = new Map<string, Set<(event: RoomEvent) => void>>()
  #stateListeners = new Set<(change: State) => void>()
  #readers = new Set<Reader>()

  constructor(path: string, options: Options) {
    if (!(options.WebSocket ?? globalThis.WebSocket)) {
      throw new TypeError('expected a global WebSocket (Node 22 and newer have one) or the option WebSocket')
    }
    this.#options = options
    this.#retry = { ...RETRY, ...options.retry }
    this.#url = resolve(path, options.url)
    this.client = options.client ?? randomId()
    this.#cursor = new Cursor(options.offset)
    this.#outbox = new Outbox(randomId(), options.maxQueue ?? 1000, this.#retry)
    this.#pulse = new Pulse({
      isOpen: () => this.state === 'open',
      isOverdue: (now) => this.#outbox.isOverdue(now),
      send: (text) => this.#transport?.send(text),
      dead: (reason, atOnce) => this.#lost(1006, reason, atOnce),
    })
    this.#stopWaking = onWake(() => {
      if (this.state === 'waiting') this.#open()
      if (this.state === 'open') this.#pulse.check()
    })
    this.#open()
  }

  get state(): StateName {
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
    const listeners = this.#listeners.get(type) ?? new Set()
    this.#listeners.set(type, listeners.add(fn))
    return () => listeners.delete(fn)
  }

  onState(fn: (change: State) => void): () => void {
    this.#stateListeners.add(fn)
    return () => this.#stateListeners.delete(fn)
  }

  [Symbol.asyncIterator](): Reader {
    const reader = new Reader(this.#options.maxBuffer ?? 1000, (reader) => this.#readers.delete(reader))
    this.#readers.add(reader)
    if (this.state === 'closed') reader.end()
    return reader
  }

  close(): void {
    this.#end(1000, 'closed by the application')
  }

  #open(): void {
    clearTimeout(this.#timer)
    this.#attempts++
    this.#pulse.start()
    const turn = ++this.#turn
    const events: TransportEvents = {
      message: (text) => turn === this.#turn && this.#hear(text),
      sign: () => turn === this.#turn && this.#pulse.heard(),
      lost: (code, reason) => turn === this.#turn && this.#lost(code, reason),
    }
    this.#dial(turn, events).catch((error) => events.lost(1006, String(error)))
    this.#change({ state: 'connecting' })
  }

  async #dial(turn: number, events: TransportEvents): Promise<void> {
    const { token: given, name } = this.#options
    const token = typeof given === 'function' ? await given() : given
    if (turn !== this.#turn) return
    const url = new URL(this.#url)
    const query = { name, client: this.client, offset: this.offset }
    for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, value)
    this.#transport = this.#road.open({ url, token }, this.#options, events)
  }

  /** Lets go of the connection. By default not with 1000: the room should hold our place, we are coming back. */
  #drop(code = 4000): void {
    this.#turn++
    this.#pulse.stop()
    this.#outbox.pause()
    this.#transport?.close(code, '')
    this.#transport = undefined
  }

  #lost(code: number, reason: string, atOnce = false): void {
    const wasOpen = this.state === 'open'
    if (wasOpen && this.#pulse.age >= STABLE_MS) this.#attempts = 0
    if (code === 1009) this.#outbox.rejectLargest()
    const loss = { code, reason, attempts: this.#attempts, wasOpen }
    if (isFinal(loss, typeof this.#options.token === 'function')) {
      this.#end(code, reason)
      return
    }
    this.#drop()
    if (!wasOpen) this.#road.missed()
    const delayMs = atOnce && this.#attempts === 0 ? 0 : waitMs(loss, this.#retry)
    this.#timer = setTimeout(() => this.#open(), delayMs)
    this.#change({ state: 'waiting', retryAt: Date.now() + delayMs, code, reason })
  }

  #end(code: number, reason: string): void {
    if (this.state === 'closed') return
    this.#drop(1000)
    clearTimeout(this.#timer)
    this.#stopWaking()
    this.#outbox.rejectAll(`the room was closed (${code} ${reason})`)
    this.#change({ state: 'closed', code, reason })
    for (const reader of [...this.#readers]) reader.end()
  }

  #change(change: State): void {
    this.#state = change
    for (const fn of [...this.#stateListeners]) call(fn, change)
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
    this.#outbox.open((text) => this.#transport?.send(text))
  }

  #event(event: RoomEvent): void {
    if (event.type === 'reset') this.#cursor.reset((event as Reset).data)
    const step = event.seq === undefined ? 'next' : this.#cursor.advance(event.seq)
    if (step === 'gap') this.#lost(1002, `event ${event.seq} came too early`)
    if (step === 'next') this.#deliver(event)
  }

  #deliver(event: RoomEvent): void {
    for (const type of [event.type, '*']) for (const fn of [...(this.#listeners.get(type) ?? [])]) call(fn, event)
    for (const reader of this.#readers) reader.push(event, () => this.#cursor.missed('slow'))
  }
}

/** 128 bits in hex. `crypto.randomUUID` is missing on pages that came over plain http. */
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** A listener that throws must not stop the others; its error surfaces like any uncaught one. */
function call<T>(fn: (value: T) => void, value: T): void {
  try {
    fn(value)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
