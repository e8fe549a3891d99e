/**
 * A stock Socket.IO client, of any version, that notes what it hears: every event with its arguments, in order, and each
 * connect with what the client itself says of its recovery.
 */
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client'
import { patiently } from './patience.ts'

export type Transport = 'websocket' | 'polling'

export interface Heard {
  readonly type: string
  /** What its listener was called with. */
  readonly args: readonly unknown[]
}

export type StockOptions = Partial<ManagerOptions & SocketOptions>

type Listener = (...args: unknown[]) => void

/** What every version has. */
export interface AnySocket {
  /** Since 4.6. */
  readonly recovered?: boolean
  on(type: string, listener: Listener): unknown
  disconnect(): unknown
}

/** Comes back after a few milliseconds, always. */
export const IMPATIENT = { reconnectionDelay: 10, reconnectionDelayMax: 50, forceNew: true }

export class StockSocket<S extends AnySocket = Socket> {
  readonly socket: S
  readonly heard: Heard[] = []
  /** `socket.recovered` at each connect. */
  readonly connects: boolean[] = []
  readonly disconnects: unknown[] = []
  /** `data` of each `connect_error`; `undefined` for one of the network. */
  readonly errors: unknown[] = []
  #read = 0
  #wake: () => void = () => {}

  /** `types`: the events to note. */
  constructor(socket: S, types: readonly string[]) {
    this.socket = socket
    for (const type of types) this.#on(type, (...args) => void this.heard.push({ type, args }))
    this.#on('connect', () => void this.connects.push(socket.recovered ?? false))
    this.#on('disconnect', (reason) => void this.disconnects.push(reason))
    this.#on('connect_error', (error) => void this.errors.push(error instanceof Error && Reflect.get(error, 'data')))
  }

  #on(type: string, note: Listener): void {
    this.socket.on(type, (...args) => {
      note(...args)
      this.#wake()
    })
  }

  /** The next event of this type that was not read yet; those before it are passed over. */
  async next(type: string): Promise<readonly unknown[]> {
    for (;;) {
      const at = this.heard.findIndex((event, index) => index >= this.#read && event.type === type)
      const event = this.heard[at]
      if (event) {
        this.#read = at + 1
        return event.args
      }
      await this.#more(`the event ${type}`)
    }
  }

  /** Resolves when `condition` holds; asked again after whatever the client notices. */
  async until(condition: () => boolean, what: string): Promise<void> {
    while (!condition()) await this.#more(what)
  }

  /** The first argument of every event of this type so far. */
  all(type: string): unknown[] {
    return this.heard.filter((event) => event.type === type).map(({ args }) => args[0])
  }

  #more(what: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    const so = JSON.stringify({ heard: this.heard.slice(-3), errors: this.errors, disconnects: this.disconnects })
    return patiently(promise, `${what}; so far ${so}`)
  }
}

/** The events of the rooms of the tests. */
export const TYPES = ['welcome', 'error', 'reset', 'said', 'hinted', 'message']

/** A client of the newest version; `transport`: the only one it may use. */
export function stockSocket(url: string, transport: Transport, options: StockOptions = {}): StockSocket {
  return new StockSocket(io(url, { ...IMPATIENT, transports: [transport], ...options }), TYPES)
}
