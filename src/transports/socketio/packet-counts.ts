/**
 * Counts the packets of a connection that no room counts: those of Engine.IO, connects to namespaces, and what comes for
 * namespaces that were ended. `connection.ts` drops a connection that sends too many.
 */

/** As `limits.controls` by default. */
const MOST_CONTROLS = 250
/** Packets for namespaces that were ended may come until the client knows. */
const MOST_LATE = 1000
/** The packet type of Socket.IO that asks for a namespace. */
const CONNECT = '0'

export class PacketCounts {
  readonly #mostConnects: number
  readonly #exceeded: () => void
  #controls = 0
  #connects = 0
  #late = 0

  /** `exceeded` is called for each packet too many. */
  constructor(mostNamespaces: number, exceeded: () => void) {
    this.#mostConnects = mostNamespaces + MOST_CONTROLS
    this.#exceeded = exceeded
  }

  /** A packet of Engine.IO, before anything is made of it: one body may hold thousands of connects. */
  received({ type, data }: { readonly type: string; readonly data?: unknown }): void {
    if (type !== 'message') this.control()
    else if (typeof data === 'string' && data.startsWith(CONNECT)) this.#connect()
  }

  control(): void {
    this.#controls += 1
    if (this.#controls > MOST_CONTROLS) this.#exceeded()
  }

  late(): void {
    this.#late += 1
    if (this.#late > MOST_LATE) this.#exceeded()
  }

  /** Between two heartbeats so many are allowed. */
  heartbeat(): void {
    this.#controls = 0
    this.#connects = 0
  }

  #connect(): void {
    this.#connects += 1
    if (this.#connects > this.#mostConnects) this.#exceeded()
  }
}
