/**
 * Admits a client to a namespace and joins it to the room of that path. The checks are the gate's, as before an upgrade;
 * what they refuse is a `connect_error` with data. `gateway.ts` uses these as the middleware and the listener of every
 * namespace.
 */
import type { Socket } from 'socket.io'
import type { Refusal } from '../../errors.ts'
import type { Admission } from '../../gate/admission.ts'
import type { Gate } from '../../gate/gate.ts'
import type { Tally } from '../../tally.ts'
import type { Refusals } from '../refusals.ts'
import type { Connection } from './connection.ts'
import { NamespaceEncoding } from './namespace-encoding.ts'
import { NamespacePeer } from './namespace-peer.ts'
import { NamespaceWire } from './namespace-wire.ts'
import { PacketMaker } from './packets.ts'
import { filterPackets, forget, sessionIdOf, takeEvents } from './socketio-internals.ts'
import { visitorCaller } from './visitor-caller.ts'

export interface NamespacesParts {
  readonly basePath: string
  readonly gate: Gate
  readonly refusals: Refusals
  readonly closed: (code: number) => void
  readonly tallyOf: (pattern: string) => Tally
}

/** What socket.io sends a client that is refused. */
class ConnectError extends Error {
  readonly data: Readonly<Record<string, unknown>>

  constructor({ code, message, status, headers, details }: Refusal) {
    super(message)
    const seconds = Number(headers['Retry-After'])
    this.data = { ...details, code, message, status, ...(seconds > 0 && { retryAfterMs: seconds * 1000 }) }
  }
}

/** Types of packets; those with bytes are decoded to events. */
const CONNECT = 0
const EVENTS: readonly number[] = [2, 5]
/** The reason of socket.io for a client that left the namespace on purpose. */
const LEFT = 'client namespace disconnect'

export class Namespaces {
  readonly #parts: NamespacesParts
  /** Admissions of sockets that are not connected yet. */
  readonly #admissions = new WeakMap<Socket, Admission>()

  constructor(parts: NamespacesParts) {
    this.#parts = parts
  }

  /** Decides whether a socket may connect; `next` is called in time. Never throws or rejects. */
  async admit(connection: Connection, socket: Socket, next: (error?: Error) => void): Promise<void> {
    const { name } = socket.nsp
    filter(connection, socket)
    // A client of version 2 is put there by its own protocol, before it says where it wants to be.
    if (connection.isOld && name === '/') return next()
    // It connects once more before it has its answer, which will be the answer to both.
    if (connection.pending.has(name) || connection.isIn(name)) return forget(socket)
    connection.pending.set(name, () => this.#cancel(socket))
    const { caller, refusal } = this.#callerOf(connection, socket)
    try {
      if (refusal) throw refusal
      const admission = await this.#parts.gate.admit(caller)
      if (connection.isOpen) this.#admissions.set(socket, admission)
      else cancel(admission)
      next()
    } catch (error) {
      connection.pending.delete(name)
      next(new ConnectError(this.#parts.refusals.of(error, caller)))
    }
  }

  /** Joins a socket that was admitted; its CONNECT is answered. */
  join(connection: Connection, socket: Socket): void {
    const { name } = socket.nsp
    connection.pending.delete(name)
    connection.ended.delete(name)
    const admission = this.#admissions.get(socket)
    if (!admission) return
    this.#admissions.delete(socket)
    const { room, route, visitor, offset } = admission
    const { limits, pattern } = route.mount
    const { closed, tallyOf } = this.#parts
    const offsetOf = room.kind === 'event' ? (seq: number) => room.readers.offset(seq) : undefined
    const disconnect = () => {
      connection.ended.add(name)
      socket.disconnect()
    }
    const encoding = new NamespaceEncoding(name, new PacketMaker(name, offsetOf), connection.isOld)
    const wire = new NamespaceWire({ connection, encoding, limitBytes: limits.bufferedBytes, closed, disconnect })
    let peer: NamespacePeer | undefined
    let isGone = false
    takeEvents(socket, (packet) => peer?.receive(packet))
    socket.once('disconnect', (reason) => {
      isGone = true
      connection.remove(name)
      admission.leave()
      peer?.gone(reason !== LEFT && !connection.isLeaving)
    })
    try {
      const session = room.join({ ...visitor, via: 'socketio' }, wire, offset)
      const now = () => connection.clock.monotonic()
      peer = new NamespacePeer(session, { kind: room.kind, limits, wire, tally: tallyOf(pattern), now })
      if (!isGone) connection.add(name, peer)
    } finally {
      admission.release()
      if (!peer) admission.leave()
    }
  }

  #callerOf(connection: Connection, socket: Socket) {
    const { basePath } = this.#parts
    const { caller, isOld } = connection
    const session = isOld ? undefined : sessionIdOf(socket)
    try {
      return { caller: visitorCaller(caller, basePath, socket.nsp.name, socket.handshake.auth, session) }
    } catch (refusal) {
      return { caller, refusal }
    }
  }

  #cancel(socket: Socket): void {
    const admission = this.#admissions.get(socket)
    this.#admissions.delete(socket)
    if (admission) cancel(admission)
  }
}

/** Leaves out packets that are for nobody any more. */
function filter(connection: Connection, socket: Socket): void {
  if (connection.isFiltered) return
  connection.isFiltered = true
  filterPackets(socket, ({ type, nsp }) => {
    if (type === CONNECT) return true
    if (!EVENTS.includes(type)) connection.control()
    return !connection.isLate(nsp)
  })
}

function cancel({ release, leave }: Admission): void {
  release()
  leave()
}
