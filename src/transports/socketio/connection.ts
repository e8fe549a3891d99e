/**
 * One connection of a Socket.IO client, which carries the packets of all its namespaces. Over a WebSocket, packets are
 * written to the network socket as they are, made once for all peers; behind packets that wait, and while it polls,
 * Engine.IO writes them, so that the order is kept. `gateway.ts` makes it.
 */
import type { Socket as EngineSocket } from 'engine.io'
import type { Clock } from '../../clock.ts'
import type { Bytes } from '../../delivery/frame.ts'
import type { Caller } from '../../gate/caller.ts'
import type { HeartbeatTarget } from '../heartbeat.ts'
import { Stalls } from '../stalls.ts'
import { connectionDrained } from './connection-drained.ts'
import { ConnectionNamespaces } from './connection-namespaces.ts'
import { PacketCounts } from './packet-counts.ts'
import type { Packets } from './packets.ts'
import { Rest } from './rest.ts'
import { hasQueue, netSocketOf, setCloseTimeout, webSocketOf } from './socketio-internals.ts'

/** How long a client may take to read the last packets. */
const LINGER_MS = 5000
const CLOSED = 3
/** A browser that leaves the page (RFC 6455, 7.4.1). */
const GOING_AWAY = 1001

export class Connection implements HeartbeatTarget {
  readonly engine: EngineSocket
  readonly clock: Clock
  readonly caller: Caller
  readonly namespaces = new ConnectionNamespaces()
  /** Late packets are filtered out. */
  isFiltered = false
  /** The client has left on purpose. */
  isLeaving = false
  readonly isPaused = false
  #stalls: Stalls | undefined
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
    if (this.engine.readyState === 'closed') return
    // Without effect where socket.io has closed it, as after a packet that is none. It waits just as long then.
    this.engine.close()
    this.#cancelLinger ??= this.clock.after(LINGER_MS, () => this.drop())
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
    if (!this.namespaces.hasEnded(namespace)) return false
    this.#counts.late()
    return true
  }

  /** Engine.IO has closed it. */
  over(): void {
    this.#rest?.cancel()
    this.#cancelLinger?.()
    this.namespaces.cancel()
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
    for (const { limits } of this.namespaces.peers()) timeoutMs = Math.max(timeoutMs, limits.sendTimeoutMs)
    if (timeoutMs === 0 || !this.#stalls.isStalled(socket, nowMs, timeoutMs)) return
    for (const peer of [...this.namespaces.peers()]) peer.cutSlow()
    this.drop()
  }

  #queued(bytes: number): void {
    this.#queuedBytes += bytes
    // What rooms send is bounded by `subscriber.ts`. This bounds answers to a client that only asks and never reads.
    // Judged when a peer that joins, and is sent the past meanwhile, is among its peers.
    if (this.#holdsTooMuch) this.clock.soon(() => this.#holdsTooMuch && this.drop())
  }

  get #holdsTooMuch(): boolean {
    return this.waiting > this.namespaces.limitBytes * 2
  }

  /** Before Engine.IO's own listener, which ends the peers. */
  #listen(): void {
    webSocketOf(this.engine)?.prependListener('close', (code) => {
      if (code === GOING_AWAY) this.isLeaving = true
    })
  }
}
