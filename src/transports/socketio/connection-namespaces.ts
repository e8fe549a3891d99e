/**
 * The namespaces of one connection: those with a peer, those that are not connected yet, and those that the server has
 * ended. `namespaces.ts` and `namespace-peer.ts` enter them in `connection.ts`.
 */
import type { Mount } from '../../config/mount.ts'

/** The bound while no namespace has joined: for refusals, and for Engine.IO's own packets. */
const LEAST_BYTES = 64 * 1024
/** How many namespaces that were ended are remembered. */
const MOST_ENDED = 1000

/** A peer in one of them. */
export interface ConnectionPeer {
  readonly limits: Mount['limits']
  cutSlow(): void
}

export class ConnectionNamespaces {
  /** The first peer and its namespace; most connections have no other. */
  #namespace: string | undefined
  #peer: ConnectionPeer | undefined
  #others: Map<string, ConnectionPeer> | undefined
  /** Namespaces that are not connected yet, each with what gives its admission back. */
  #pending: Map<string, () => void> | undefined
  /** Namespaces that the server ended: what a client has sent before it knows is ignored. */
  #ended: Set<string> | undefined
  #limitBytes = LEAST_BYTES

  /** How many are joined or asked for. */
  get size(): number {
    return (this.#peer ? 1 : 0) + (this.#others?.size ?? 0) + (this.#pending?.size ?? 0)
  }

  /** The most bytes that may wait: the largest `limits.buffered` of the peers. */
  get limitBytes(): number {
    return this.#limitBytes
  }

  /** Whether a namespace is joined, or about to be. */
  has(namespace: string): boolean {
    if (this.#namespace === namespace) return true
    return this.#others?.has(namespace) === true || this.#pending?.has(namespace) === true
  }

  /** A namespace is to be connected; `giveBack` is called if the connection is over before. */
  expect(namespace: string, giveBack: () => void): void {
    this.#pending ??= new Map()
    this.#pending.set(namespace, giveBack)
  }

  /** A namespace is connected or refused. */
  decided(namespace: string): void {
    this.#pending?.delete(namespace)
    if (this.#pending?.size === 0) this.#pending = undefined
    this.#ended?.delete(namespace)
  }

  /** A peer has joined. */
  add(namespace: string, peer: ConnectionPeer): void {
    if (this.#namespace === undefined) {
      this.#namespace = namespace
      this.#peer = peer
    } else {
      this.#others ??= new Map()
      this.#others.set(namespace, peer)
    }
    this.#limitBytes = Math.max(this.#limitBytes, peer.limits.bufferedBytes)
  }

  /** A peer is gone. */
  remove(namespace: string): void {
    if (this.#namespace === namespace) this.#namespace = this.#peer = undefined
    else if (!this.#others?.delete(namespace)) return
    this.#limitBytes = LEAST_BYTES
    for (const { limits } of this.peers()) this.#limitBytes = Math.max(this.#limitBytes, limits.bufferedBytes)
  }

  /** The server has ended a namespace. */
  end(namespace: string): void {
    if (this.#ended === undefined || this.#ended.size >= MOST_ENDED) this.#ended = new Set()
    this.#ended.add(namespace)
  }

  /** Whether the server has ended it, and it was not connected again. */
  hasEnded(namespace: string): boolean {
    return this.#ended?.has(namespace) === true
  }

  *peers(): IterableIterator<ConnectionPeer> {
    if (this.#peer) yield this.#peer
    if (this.#others) yield* this.#others.values()
  }

  /** The connection is over before those that wait were decided. */
  cancel(): void {
    for (const giveBack of this.#pending?.values() ?? []) giveBack()
    this.#pending = undefined
  }
}
