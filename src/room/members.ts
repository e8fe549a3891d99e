/**
 * Who is in a room: peers in the order they came, those away for a moment included. A client that lost its connection is
 * waited for, so that a tunnel or a phone's other network is no leave and no second join. `room.ts` owns it.
 */
import type { Clock } from '../clock.ts'
import type { Present } from '../define.ts'
import type { LivePeer } from './peer.ts'

export class Members<P extends LivePeer> {
  readonly #clock: Clock
  readonly #peers = new Set<P>()
  /** The peers of an id: one, unless somebody has several connections. */
  readonly #ids = new Map<string, P | Set<P>>()
  readonly #clients = new Map<string, P>()
  /** What ends the stay of those who may stay only so long. */
  #ends: Map<P, () => void> | undefined
  /** Who is waited for, and what ends the waiting. */
  #away: Map<P, () => void> | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many ids: somebody with several connections counts once. */
  get size(): number {
    return this.#ids.size
  }

  /** How many peers. */
  get count(): number {
    return this.#peers.size
  }

  /** How many have a connection now. */
  get connected(): number {
    return this.#peers.size - (this.#away?.size ?? 0)
  }

  /** One entry for each id. */
  list(limit: number): Present[] {
    return this.#ids.keys().take(limit).map(this.#entry).toArray()
  }

  #entry = (id: string): Present => {
    const peers = this.withId(id)
    const connections = peers.filter(({ isAway }) => !isAway).length
    return { id, name: peers[0]?.name ?? '', connections }
  }

  /** The peers of an id, in the order they came. */
  withId(id: string): P[] {
    const peers = this.#ids.get(id)
    if (peers === undefined) return []
    return peers instanceof Set ? [...peers] : [peers]
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
    const others = this.#ids.get(peer.id)
    if (others === undefined) this.#ids.set(peer.id, peer)
    else if (others instanceof Set) others.add(peer)
    else this.#ids.set(peer.id, new Set([others, peer]))
    if (peer.client !== undefined) this.#clients.set(peer.client, peer)
  }

  remove(peer: P): void {
    this.found(peer)
    this.#ends?.get(peer)?.()
    this.#ends?.delete(peer)
    this.#peers.delete(peer)
    const others = this.#ids.get(peer.id)
    if (others instanceof Set) others.delete(peer)
    if (others === peer || (others instanceof Set && others.size === 0)) this.#ids.delete(peer.id)
    if (peer.client !== undefined) this.#clients.delete(peer.client)
  }

  /** Calls `end` when the peer's time is over; `untilMs` since 1970, `undefined`: never. */
  until(peer: P, untilMs: number | undefined, end: () => void): void {
    this.#ends?.get(peer)?.()
    this.#ends?.delete(peer)
    peer.untilMs = untilMs
    if (untilMs === undefined) return
    this.#ends ??= new Map()
    this.#ends.set(peer, this.#clock.after(untilMs - this.#clock.now(), end))
  }

  /** Waits so long for a peer to come back, then calls `gone`. */
  wait(peer: P, ms: number, gone: () => void): void {
    peer.isAway = true
    this.#away ??= new Map()
    this.#away.set(peer, this.#clock.after(ms, gone))
  }

  /** Who is waited for longest, if more than `most` are. */
  longestAway(most: number): P | undefined {
    return (this.#away?.size ?? 0) > most ? this.#away?.keys().next().value : undefined
  }

  /** It is back, or not waited for any more. */
  found(peer: P): void {
    peer.isAway = false
    this.#away?.get(peer)?.()
    this.#away?.delete(peer)
  }
}
