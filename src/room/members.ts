/**
 * The members of a room, in the order they joined, disconnected ones included. A client that lost its connection may
 * rejoin for a while, so that a tunnel or a change of network is no leave and no second join. `room.ts` owns it.
 */
import type { Clock } from '../clock.ts'
import type { Present } from '../define.ts'
import type { LivePeer } from './peer.ts'

export class Members<P extends LivePeer> {
  readonly #clock: Clock
  readonly #peers = new Set<P>()
  /** The peers of an id: one, unless a person has several connections. */
  readonly #ids = new Map<string, P | Set<P>>()
  readonly #known = new Map<string, P>()
  /** Cancels the timers of members whose token expires. */
  #expiries: Map<P, () => void> | undefined
  /** Disconnected members that may rejoin, with what cancels their timer; the longest away first. */
  #away: Map<P, () => void> | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many ids. A person with several connections counts once. */
  get size(): number {
    return this.#ids.size
  }

  /** How many peers. */
  get count(): number {
    return this.#peers.size
  }

  /** How many are connected now. */
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

  /** The peers of an id, in the order they joined. */
  withId(id: string): P[] {
    const peers = this.#ids.get(id)
    if (peers === undefined) return []
    return peers instanceof Set ? [...peers] : [peers]
  }

  peers(): SetIterator<P> {
    return this.#peers.values()
  }

  /** The member of a client id, or another `key`. */
  withKey(key: string | undefined): P | undefined {
    return key === undefined ? undefined : this.#known.get(key)
  }

  /** Whether the member of a key is here over a connection that began after `begunMs`. */
  isLaterHere(key: string | undefined, begunMs: number | undefined): boolean {
    return begunMs !== undefined && (this.withKey(key)?.begunMs ?? 0) > begunMs
  }

  add(peer: P): void {
    peer.sinceMs ||= this.#clock.now()
    this.#peers.add(peer)
    const others = this.#ids.get(peer.id)
    if (others === undefined) this.#ids.set(peer.id, peer)
    else if (others instanceof Set) others.add(peer)
    else this.#ids.set(peer.id, new Set([others, peer]))
    if (peer.key !== undefined && !this.#known.has(peer.key)) this.#known.set(peer.key, peer)
  }

  remove(peer: P): void {
    this.stopWaiting(peer)
    this.#expiries?.get(peer)?.()
    this.#expiries?.delete(peer)
    this.#peers.delete(peer)
    const others = this.#ids.get(peer.id)
    if (others instanceof Set) others.delete(peer)
    if (others === peer || (others instanceof Set && others.size === 0)) this.#ids.delete(peer.id)
    if (peer.key !== undefined && this.#known.get(peer.key) === peer) this.#known.delete(peer.key)
  }

  /** Calls `end` at `untilMs`, in ms since 1970; `undefined`: never. */
  endStayAt(peer: P, untilMs: number | undefined, end: () => void): void {
    this.#expiries?.get(peer)?.()
    this.#expiries?.delete(peer)
    peer.untilMs = untilMs
    if (untilMs === undefined) return
    this.#expiries ??= new Map()
    this.#expiries.set(peer, this.#clock.after(untilMs - this.#clock.now(), end))
  }

  /** Waits `ms` for a disconnected peer to rejoin, then calls `gone`. */
  wait(peer: P, ms: number, gone: () => void): void {
    peer.isAway = true
    this.#away ??= new Map()
    this.#away.set(peer, this.#clock.after(ms, gone))
  }

  /** The peer that is away longest, if more than `most` are away. */
  longestAway(most: number): P | undefined {
    return (this.#away?.size ?? 0) > most ? this.#away?.keys().next().value : undefined
  }

  /** The peer has rejoined or left. */
  stopWaiting(peer: P): void {
    peer.isAway = false
    this.#away?.get(peer)?.()
    this.#away?.delete(peer)
  }
}
