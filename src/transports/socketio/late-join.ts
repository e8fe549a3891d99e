/**
 * The namespace `/` of a client of version 2. Its protocol puts it there before it says where it wants to be, so that is no
 * join until it says something there; what it says waits for its admission. `namespaces.ts` makes one for each connection.
 */
import type { NamespacePeer } from './namespace-peer.ts'
import type { Packet } from './socketio-internals.ts'

/** Like a room's `limits.waiting`: further messages are refused. */
const MOST_WAITING = 100

export interface LateJoinParts<Admitted> {
  /** Rejects with what `refuse` is given. */
  admit(): Promise<Admitted>
  /** From now on messages go to the peer. `undefined`: it has left meanwhile, or is refused by the room itself. */
  enter(admitted: Admitted): NamespacePeer | undefined
  /** Answers a message with the reason why it was not handled. */
  refuse(packet: Packet, error: unknown): void
  /** The reason for a message too many. */
  tooMany(): unknown
}

export class LateJoin<Admitted> {
  readonly #parts: LateJoinParts<Admitted>
  #waiting: Packet[] = []

  constructor(parts: LateJoinParts<Admitted>) {
    this.#parts = parts
  }

  receive(packet: Packet): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#parts.refuse(packet, this.#parts.tooMany())
      return
    }
    if (this.#waiting.push(packet) === 1) void this.#join()
  }

  /** After a refusal, the next message asks again. */
  async #join(): Promise<void> {
    const { admit, enter, refuse } = this.#parts
    try {
      const peer = enter(await admit())
      for (const packet of this.#taken()) peer?.receive(packet)
    } catch (error) {
      for (const packet of this.#taken()) refuse(packet, error)
    }
  }

  #taken(): Packet[] {
    const waiting = this.#waiting
    this.#waiting = []
    return waiting
  }
}
