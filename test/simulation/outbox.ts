/**
 * What a client has said under ids and has no answer to: it says it again on each connection until it has one. Each time that
 * a node receives it there it answers once, within 5 s, and before another home of the room welcomes the client.
 */
import type { SimWire } from './sim-wire.ts'

export interface Said {
  readonly id: string
  readonly type: string
  readonly text: string
  readonly body: string
  /** The node's running time when it last received it on this connection; `undefined`: nothing is owed. */
  receivedMs: number | undefined
  /** How many answers may come. */
  owed: number
  /** The connection on which a node received it first: what was owed there may be answered on the next one too. */
  wire: SimWire | undefined
  /** The home of the room that it went to; `undefined`: it may have waited for one. */
  home: object | undefined
}

/** A server has so long for an answer. */
const ANSWER_MS = 5000

export class Outbox {
  readonly #said = new Map<string, Said>()
  readonly #broken: (what: string) => void

  constructor(broken: (what: string) => void) {
    this.#broken = broken
  }

  get size(): number {
    return this.#said.size
  }

  get all(): readonly Said[] {
    return [...this.#said.values()]
  }

  add(id: string, type: string, text: string, more: object): Said {
    const body = JSON.stringify({ type, id, data: { text, ...more } })
    const said = { id, type, text, body, receivedMs: undefined, owed: 0, wire: undefined, home: undefined }
    this.#said.set(id, said)
    return said
  }

  get(id: string | undefined): Said | undefined {
    return this.#said.get(id ?? '')
  }

  delete(id: string | undefined): void {
    this.#said.delete(id ?? '')
  }

  /** Another connection begins. What an edge could not wait for on the one before may be answered on this one. */
  begin(): void {
    for (const said of this.#said.values()) {
      said.receivedMs = said.home = undefined
      if (said.wire) said.owed = Number.POSITIVE_INFINITY
    }
  }

  /** A node has received it on a connection. */
  arrived(said: Said, wire: SimWire): void {
    said.wire ??= wire
    said.owed += said.wire === wire ? 1 : Number.POSITIVE_INFINITY
  }

  received(said: Said, ranMs: number, home: object | undefined): void {
    if (!this.#said.has(said.id)) return
    said.receivedMs ??= ranMs
    said.home = home
  }

  /** An answer was written. */
  answered(said: Said): void {
    if (said.owed === 0) this.#broken(`${said.type} ${said.id} is answered twice`)
    said.owed = Math.max(0, said.owed - 1)
    said.receivedMs = said.home = undefined
  }

  /** A home of the room welcomes the client: what went to another is answered. */
  welcomed(home: object | undefined): void {
    for (const { type, id, home: to } of this.#said.values())
      if (to !== undefined && to !== home) this.#broken(`${type} ${id} is not answered before another welcome`)
  }

  /** Answers came in time. */
  check({ clock }: SimWire): void {
    for (const { id, type, receivedMs } of this.#said.values())
      if (receivedMs !== undefined && clock.ranMs - receivedMs > ANSWER_MS)
        this.#broken(`no answer to ${type} ${id} within ${ANSWER_MS} ms`)
  }
}
