/**
 * One connection of a Socket.IO client, which carries the packets of all its namespaces. Over a WebSocket, packets are
 * written to the network socket as they are, made once for all peers; behind packets that wait, and while it polls,
 * Engine.IO writes them, so that the order is kept. `gateway.ts` makes it.
 */
import type { Socket as EngineSocket } from 'engine.io'
import type { Clock } from '../../clock.ts'
import type { Mount } from '../../config/mount.ts'
import type { Bytes } from '../../delivery/frame.ts'
import type { Caller } from '../../gate/caller.ts'
import type { HeartbeatTarget } from '../heartbeat.ts'
import { Stalls } from '../stalls.ts'
import { connectionDrained } from './connection-drained.ts'
import { PacketCounts } from './packet-counts.ts'
import type { Packets } from './packets.ts'
import { Rest } from './rest.ts'
import { hasQueue, netSocketOf, setCloseTimeout, webSocketOf } from './socketio-internals.ts'

/** How long a client may take to read the last packets. */
const LINGER_MS = 5000
const CLOSED = 3
/** A browser that leaves the page (RFC 6455, 7.4.1). */
const GOING_AWAY = 1001
/** The bound while no namespace has joined: for refusals, and for Engine.IO's own packets. */
const LEAST_BYTES = 64 * 1024
/** How many namespaces that were ended are remembered. */
const MOST_ENDED = 1000

/** A peer in one of its namespaces. */
export interface ConnectionPeer {
  readonly limits: Mount['limits']
  cutSlow(): void
}

export class Connection implements HeartbeatTarget {
  readonly engine: EngineSocket
  readonly clock: Clock
  readonly caller: Caller
  /** Its first peer and its namespace; most connections have no other. */
  #namespace: string | undefined
  #peer: ConnectionPeer | undefined
  #others: Map<string, ConnectionPeer> | undefined
  /** Namespaces that are not connected yet, each with what gives its admission back. */
  #pending: Map<string, () => void> | undefined
  /** Namespaces that the server ended: what a client has sent before it knows is ignored. */
  #ended: Set<string> | undefined
  /** Late packets are filtered out. */
  isFiltered = false
  /** The client has left on purpose. */
  isLeaving = false
  readonly isPaused = false
  #stalls: Stalls | undefined
  #limitBytes = LEAST_BYTES
  #queuedBytes = 0
  readonly #counts: PacketCounts
  #rest: Rest | undefined
  #cancelLinger: (() => void) | undefined

  constructor(engine: EngineSocket, clock: Clock, caller: Caller, mostNamespaces: number) {
    this.engine = engine
    this.clock = clock
    this.caller = caller
    engine.on('packetCreate', ({ data }: { data?: string | Uint8Array }) => this.#queued(data?.length ?? 0))
    this.#counts = new PacketCounts(mostNamespaces, () => this.drop())
    engine.on('packet', (packet) => this.#counts.received(packet))
    engine.on('flush', () => {
      this.#queuedBytes = 0
    })
    setCloseTimeout(engine, LINGER_MS)
    if (engine.transport.name === 'websocket') this.#listen()
    else engine.on('upgrade', () => this.#listen())
  }

  get isOld(): boolean {
    return this.engine.protocol === 3
  }

  get isOpen(): boolean {
    return this.engine.readyState === 'open'
  }

  get readyState(): number {
    return this.engine.readyState === 'closed' ? CLOSED : 1
  }

  /** Bytes that the network has not taken yet, of all namespaces. */
  get waiting(): number {
    return this.#queuedBytes + (netSocketOf(this.engine)?.writableLength ?? 0)
  }

  /** The most bytes that may wait: the largest `limits.buffered` of its namespaces. */
  get limitBytes(): number {
    return this.#limitBytes
  }

  /** How many it is in, or asks for. */
  get namespaces(): number {
    return (this.#peer ? 1 : 0) + (this.#others?.size ?? 0) + (this.#pending?.size ?? 0)
  }

  /** Whether a namespace is joined, or about to be. */
  isIn(namespace: string): boolean {
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

  /** The server has ended a namespace. */
  hasEnded(namespace: string): void {
    if (this.#ended === undefined || this.#ended.size >= MOST_ENDED) this.#ended = new Set()
    this.#ended.add(namespace)
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
    for (const { limits } of this.#peers()) this.#limitBytes = Math.max(this.#limitBytes, limits.bufferedBytes)
  }

  /** `bytes`: the packets as WebSocket frames. */
  send(bytes: Bytes, packets: () => Packets): void {
    if (!this.isOpen || bytes.length === 0) return
    if (webSocketOf(this.engine) && !hasQueue(this.engine)) netSocketOf(this.engine)?.write(bytes, 'latin1')
    else for (const packet of packets()) this.engine.write(typeof packet === 'string' ? packet : Buffer.from(packet))
  }

  drained(below: number): Promise<void> | undefined {
    return connectionDrained(this, below)
  }

  /** Stops reading for `ms`, counted from the latest call. */
  rest(ms: number): void {
    this.#rest ??= new Rest(this.engine, this.clock)
    this.#rest.begin(ms)
  }

  /** Resolves when it may be read again. */
  async rested(): Promise<void> {
    await this.#rest?.over()
  }

  /** Closes after what was sent; the client comes back with all its namespaces. */
  end(): void {
    if (!this.isOpen) return
    this.engine.close()
    this.#cancelLinger = this.clock.after(LINGER_MS, () => this.drop())
  }

  /** Destroys it at once. */
  drop(): void {
    const socket = netSocketOf(this.engine)
    this.engine.close(true)
    socket?.destroy()
  }

  /** A packet that no room counts. Too many between two heartbeats end the connection. */
  control(): void {
    this.#counts.control()
  }

  /** Whether a packet of the client is for nobody any more. */
  isLate(namespace: string): boolean {
    if (!this.#ended?.has(namespace)) return false
    this.#counts.late()
    return true
  }

  /** Engine.IO has closed it. */
  over(): void {
    this.#rest?.cancel()
    this.#cancelLinger?.()
    for (const giveBack of this.#pending?.values() ?? []) giveBack()
    this.#pending = undefined
  }

  /** Always: Engine.IO has a heartbeat of its own. */
  get isAlive(): boolean {
    return true
  }

  set isAlive(_: boolean) {}

  /** Engine.IO pings. */
  sendPing(): void {}

  timeOut(): void {
    this.drop()
  }

  checkStalls(nowMs: number): void {
    this.#counts.heartbeat()
    const socket = netSocketOf(this.engine)
    if (!socket || (socket.writableLength === 0 && !this.#stalls)) return
    this.#stalls ??= new Stalls()
    let timeoutMs = 0
    for (const { limits } of this.#peers()) timeoutMs = Math.max(timeoutMs, limits.sendTimeoutMs)
    if (timeoutMs === 0 || !this.#stalls.isStalled(socket, nowMs, timeoutMs)) return
    for (const peer of [...this.#peers()]) peer.cutSlow()
    this.drop()
  }

  #queued(bytes: number): void {
    this.#queuedBytes += bytes
    // What rooms send is bounded by `subscriber.ts`. This bounds answers to a client that only asks and never reads.
    // Judged when a peer that joins, and is sent the past meanwhile, is among its peers.
    if (this.#holdsTooMuch) this.clock.soon(() => this.#holdsTooMuch && this.drop())
  }

  get #holdsTooMuch(): boolean {
    return this.waiting > this.limitBytes * 2
  }

  /** Before Engine.IO's own listener, which ends the peers. */
  #listen(): void {
    webSocketOf(this.engine)?.prependListener('close', (code) => {
      if (code === GOING_AWAY) this.isLeaving = true
    })
  }

  *#peers(): IterableIterator<ConnectionPeer> {
    if (this.#peer) yield this.#peer
    if (this.#others) yield* this.#others.values()
  }
}
