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
import { drained } from '../drained.ts'
import type { HeartbeatTarget } from '../heartbeat.ts'
import { Stalls } from '../stalls.ts'
import type { Packets } from './packets.ts'
import { hasQueue, netSocketOf, refreshPing, setCloseTimeout, webSocketOf } from './socketio-internals.ts'

/** How long a client may take to read the last packets. */
const LINGER_MS = 5000
const CLOSED = 3
/** A browser that leaves the page (RFC 6455, 7.4.1). */
const GOING_AWAY = 1001
/** The bound while no namespace has joined: for refusals, and for Engine.IO's own packets. */
const LEAST_BYTES = 64 * 1024
/** Less than Engine.IO waits for the answer to a ping. */
const REFRESH_MS = 5000
/** Packets for namespaces that were ended may come until the client knows; beyond so many the connection ends. */
const MOST_LATE = 1000
/** As `limits.controls` by default. */
const MOST_CONTROLS = 250

/** A peer in one of its namespaces. */
export interface ConnectionPeer {
  readonly limits: Mount['limits']
  /** Cuts off a peer that does not read. */
  cutSlow(): void
}

export class Connection implements HeartbeatTarget {
  readonly engine: EngineSocket
  readonly clock: Clock
  readonly caller: Caller
  /** Peers by namespace. */
  readonly #peers = new Map<string, ConnectionPeer>()
  /** Namespaces that are not connected yet, each with what gives its admission back. */
  readonly pending = new Map<string, () => void>()
  /** Namespaces that the server ended: what a client has sent before it knows is ignored. */
  readonly ended = new Set<string>()
  /** Late packets are filtered out. */
  isFiltered = false
  /** The client has left on purpose. */
  isLeaving = false
  readonly isPaused = false
  readonly #stalls = new Stalls()
  #limitBytes = LEAST_BYTES
  #controls = 0
  #queuedBytes = 0
  #late = 0
  #restUntilMs = 0
  #cancelRest: (() => void) | undefined
  #cancelLinger: (() => void) | undefined

  constructor(engine: EngineSocket, clock: Clock, caller: Caller) {
    this.engine = engine
    this.clock = clock
    this.caller = caller
    engine.on('packetCreate', ({ data }: { data?: string | Uint8Array }) => this.#queued(data?.length ?? 0))
    engine.on('packet', ({ type }: { type: string }) => {
      if (type !== 'message') this.control()
    })
    engine.on('flush', () => {
      this.#queuedBytes = 0
    })
    setCloseTimeout(engine, LINGER_MS)
    // Before Engine.IO's own listener, which ends the peers.
    const listen = () => webSocketOf(engine)?.prependOnceListener('close', (code) => this.#webSocketClosed(code))
    listen()
    engine.once('upgrade', listen)
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
    return this.#peers.size + this.pending.size
  }

  isIn(namespace: string): boolean {
    return this.#peers.has(namespace)
  }

  /** A peer has joined. */
  add(namespace: string, peer: ConnectionPeer): void {
    this.#peers.set(namespace, peer)
    this.#limitBytes = Math.max(this.#limitBytes, peer.limits.bufferedBytes)
  }

  /** A peer is gone. */
  remove(namespace: string): void {
    if (!this.#peers.delete(namespace)) return
    this.#limitBytes = LEAST_BYTES
    for (const { limits } of this.#peers.values()) this.#limitBytes = Math.max(this.#limitBytes, limits.bufferedBytes)
  }

  /** `bytes`: the packets as WebSocket frames. */
  send(bytes: Bytes, packets: () => Packets): void {
    if (!this.isOpen || bytes.length === 0) return
    if (webSocketOf(this.engine) && !hasQueue(this.engine)) netSocketOf(this.engine)?.write(bytes, 'latin1')
    else for (const packet of packets()) this.engine.write(bufferOrText(packet), { compress: false })
  }

  /** Resolves when at most `below` bytes wait, or the connection is over. `undefined`: it is so now. */
  drained(below: number): Promise<void> | undefined {
    if (this.readyState === CLOSED || this.waiting <= below) return undefined
    const socket = netSocketOf(this.engine)
    if (!hasQueue(this.engine) && socket) return drained(socket, below)
    return new Promise((resolve) => this.#afterFlush(below, resolve))
  }

  #afterFlush(below: number, resolve: () => void): void {
    const next = () => {
      this.engine.off('drain', next)
      this.engine.off('close', next)
      const more = this.drained(below)
      if (more) void more.then(resolve)
      else resolve()
    }
    this.engine.once('drain', next)
    this.engine.once('close', next)
  }

  /** Stops reading for `ms`, counted from the latest call. A client that polls waits with its next post. */
  rest(ms: number): void {
    this.#restUntilMs = this.clock.monotonic() + ms
    webSocketOf(this.engine)?.pause()
    this.#restOn()
  }

  /** While it is not read, no answer to a ping can come. */
  #restOn = (): void => {
    this.#cancelRest?.()
    refreshPing(this.engine)
    const leftMs = this.#restUntilMs - this.clock.monotonic()
    if (leftMs > 0) this.#cancelRest = this.clock.after(Math.min(leftMs, REFRESH_MS), this.#restOn)
    else webSocketOf(this.engine)?.resume()
  }

  /** Resolves when it may be read again. */
  async rested(): Promise<void> {
    const ms = this.#restUntilMs - this.clock.monotonic()
    if (ms > 0) await new Promise<void>((resolve) => this.clock.after(ms, resolve))
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
    this.#controls += 1
    if (this.#controls > MOST_CONTROLS) this.drop()
  }

  /** Whether a packet of the client is for nobody any more. */
  isLate(namespace: string): boolean {
    if (!this.ended.has(namespace)) return false
    this.#late += 1
    if (this.#late > MOST_LATE) this.drop()
    return true
  }

  /** Engine.IO has closed it. */
  over(): void {
    this.#cancelRest?.()
    this.#cancelLinger?.()
    for (const giveBack of this.pending.values()) giveBack()
    this.pending.clear()
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
    this.#controls = 0
    const socket = netSocketOf(this.engine)
    let timeoutMs = 0
    for (const { limits } of this.#peers.values()) timeoutMs = Math.max(timeoutMs, limits.sendTimeoutMs)
    if (!socket || timeoutMs === 0 || !this.#stalls.isStalled(socket, nowMs, timeoutMs)) return
    for (const peer of [...this.#peers.values()]) peer.cutSlow()
    this.drop()
  }

  #queued(bytes: number): void {
    this.#queuedBytes += bytes
    // What rooms send is bounded by `subscriber.ts`. This bounds answers to a client that only asks and never reads.
    if (this.waiting > this.limitBytes * 2) this.clock.soon(() => this.drop())
  }

  #webSocketClosed(code: number): void {
    if (code === GOING_AWAY) this.isLeaving = true
  }
}

function bufferOrText(packet: string | Uint8Array): string | Buffer {
  return typeof packet === 'string' ? packet : Buffer.from(packet)
}
