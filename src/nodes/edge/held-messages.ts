/**
 * What a peer says while its room is between two homes: it waits here, in its order, within bounds. `edge-session.ts` owns
 * one while there is something to hold.
 */
import type { Owed } from './unanswered.ts'

/** A peer of which so much waits is read more slowly. */
export const REST_BYTES = 64 * 1024
/** The most that may wait of one peer, but for a single message. */
const PEER_BYTES = 1024 * 1024
const PEER_MESSAGES = 10_000
/** The most that may wait of all peers of a node. */
const NODE_BYTES = 64 * 1024 * 1024

export interface HeldMessage {
  readonly data: string | Uint8Array
  readonly ref: number | undefined
  /** Its answer, if it asks for one. */
  readonly owed: Owed | undefined
}

/** How much is held of all peers of a node. */
export interface HeldBytes {
  all: number
}

export class HeldMessages {
  readonly #held: HeldBytes
  #messages: HeldMessage[] = []
  #bytes = 0

  constructor(held: HeldBytes) {
    this.#held = held
  }

  get bytes(): number {
    return this.#bytes
  }

  /** `false`: too much waits. */
  add(message: HeldMessage): boolean {
    const { length } = message.data
    const isFull = this.#messages.length >= PEER_MESSAGES || this.#bytes + length > PEER_BYTES
    if ((isFull && this.#messages.length > 0) || this.#held.all + length > NODE_BYTES) return false
    this.#messages.push(message)
    this.#count(length)
    return true
  }

  /** One was answered and is not said any more. */
  drop(owed: Owed): void {
    const at = this.#messages.findIndex((message) => message.owed === owed)
    const [dropped] = at < 0 ? [] : this.#messages.splice(at, 1)
    if (dropped) this.#count(-dropped.data.length)
  }

  /** All of them, to be said now. */
  take(): HeldMessage[] {
    const messages = this.#messages
    this.#messages = []
    this.#count(-this.#bytes)
    return messages
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    this.#held.all += bytes
  }
}
