/**
 * Who is in a room: peers in the order they came, those away for a moment included. A client that lost its connection is
 * waited for, so that a tunnel or a phone's other network is no leave and no second join. `room.ts` owns it.
 */
import type { Clock } from './clock.ts'
import type { Member } from './define.ts'
import type { Connection } from './peer.ts'

/** A client back within this time of losing its connection is the member it was. */
const GRACE_MS = 5000

export class Members<P extends Connection> {
  readonly #clock: Clock
  readonly #peers = new Set<P>()
  readonly #clients = new Map<string, P>()
  /** What ends the stay of those who may stay only so long. */
  readonly #ends = new Map<P, () => void>()
  /** Who is waited for, and what ends the waiting. */
  readonly #away = new Map<P, () => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#peers.size
  }

  /** How many have a connection now. */
  get connected(): number {
    return this.#peers.size - this.#away.size
  }

  list(limit: number): Member[] {
    return this.peers()
      .take(limit)
      .map(({ id, name }) => ({ id, name }))
      .toArray()
  }

  peers(): SetIterator<P> {
    return this.#peers.values()
  }

  /** The member of a client id. */
  of(client: string | undefined): P | undefined {
    return client === undefined ? undefined : this.#clients.get(client)
  }

  add(peer: P): void {
    this.#peers.add(peer)
    if (peer.client !== undefined) this.#clients.set(peer.client, peer)
  }

  remove(peer: P): void {
    this.found(peer)
    this.#ends.get(peer)?.()
    this.#ends.delete(peer)
    this.#peers.delete(peer)
    if (peer.client !== undefined) this.#clients.delete(peer.client)
  }

  /** Calls `end` when the peer's time is over; `untilMs` since 1970, `undefined`: never. */
  until(peer: P, untilMs: number | undefined, end: () => void): void {
    this.#ends.get(peer)?.()
    this.#ends.delete(peer)
    peer.untilMs = untilMs
    if (untilMs === undefined) return
    this.#ends.set(peer, this.#clock.after(untilMs - this.#clock.now(), end))
  }

  isAway(peer: P): boolean {
    return this.#away.has(peer)
  }

  /** Waits for a peer to come back, then calls `gone`. */
  wait(peer: P, gone: () => void): void {
    this.#away.set(peer, this.#clock.after(GRACE_MS, gone))
  }

  /** It is back, or not waited for any more. */
  found(peer: P): void {
    this.#away.get(peer)?.()
    this.#away.delete(peer)
  }
}
