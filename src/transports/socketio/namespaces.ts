/**
 * Admits a client to a namespace and joins it to the room of that path. The checks are the gate's, as before an upgrade;
 * what they refuse is a `connect_error` with data. `gateway.ts` uses these as the middleware and the listener of every
 * namespace.
 */
import type { Socket } from 'socket.io'
import type { Mount } from '../../config/mount.ts'
import { Refusal } from '../../errors.ts'
import type { Admission } from '../../gate/admission.ts'
import type { Gate } from '../../gate/gate.ts'
import type { Random } from '../../random.ts'
import type { JoinableRoom } from '../../room/open-room.ts'
import type { Tally } from '../../tally.ts'
import type { Refusals } from '../refusals.ts'
import type { Connection } from './connection.ts'
import { LateJoin } from './late-join.ts'
import { NamespaceEncoding } from './namespace-encoding.ts'
import { NamespacePeer, type PeerParts } from './namespace-peer.ts'
import { PacketMaker } from './packets.ts'
import { PrivateId, requestedOffset } from './private-id.ts'
import { CONNECT, filterPackets, forget, parseNamespaces, setSessionId, takeEvents } from './socketio-internals.ts'
import { authOf, requestOf } from './version-2.ts'
import { visitorCaller } from './visitor-caller.ts'

export interface NamespacesParts {
  readonly basePath: string
  readonly gate: Gate
  readonly random: Random
  readonly refusals: Refusals
  readonly closed: (code: number) => void
  /** How many namespaces a connection may hold. */
  readonly mostNamespaces: () => number
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

/** The types of packets with events; those with bytes are decoded to them. */
const EVENTS: readonly number[] = [2, 5]

/** A place in a room, and what the client is known by over its connections. */
interface Admitted {
  readonly admission: Admission
  readonly session: PrivateId | undefined
  /** The client has an id of its own. */
  readonly isNamed: boolean
  /** It was told that it is recovered. */
  isRecovered: boolean
}

export class Namespaces {
  readonly #parts: NamespacesParts
  /** Of sockets that are not connected yet. */
  readonly #admitted = new WeakMap<Socket, Admitted>()
  readonly #encodings = new WeakMap<JoinableRoom, NamespaceEncoding>()
  readonly #peerParts = new WeakMap<Mount, PeerParts>()

  constructor(parts: NamespacesParts) {
    this.#parts = parts
  }

  /** Decides whether a socket may connect; `next` is called in time. Never throws or rejects. */
  async admit(connection: Connection, socket: Socket, next: (error?: Error) => void): Promise<void> {
    const { name } = socket.nsp
    filter(connection, socket)
    if (joinsLater(connection, socket)) {
      parseNamespaces(socket, requestOf)
      return next()
    }
    // It connects once more before it has its answer, which will be the answer to both.
    if (connection.namespaces.has(name)) {
      connection.control()
      return forget(socket)
    }
    connection.namespaces.expect(name, () => this.#cancel(socket))
    try {
      const admitted = await this.#admit(connection, socket)
      if (connection.isOpen) this.#admitted.set(socket, admitted)
      else cancel(admitted.admission)
      next()
    } catch (error) {
      connection.namespaces.decided(name)
      connection.control()
      next(error instanceof Error ? error : undefined)
    }
  }

  /** The connect of a socket is answered next. */
  connecting(socket: Socket): void {
    const admitted = this.#admitted.get(socket)
    if (!admitted) return
    const { session } = admitted
    admitted.isRecovered = session !== undefined && resumes(admitted)
    const isKnown = admitted.admission.room.kind === 'event'
    setSessionId(socket, isKnown ? session?.answer(admitted.isRecovered) : undefined)
  }

  /** Joins a socket that was admitted; its CONNECT is answered. */
  join(connection: Connection, socket: Socket): void {
    connection.namespaces.decided(socket.nsp.name)
    const admitted = this.#admitted.get(socket)
    this.#admitted.delete(socket)
    if (admitted) this.#enter(connection, socket, admitted)
    else if (joinsLater(connection, socket)) this.#joinLater(connection, socket)
  }

  /** Rejects with a `ConnectError`. */
  async #admit(connection: Connection, socket: Socket): Promise<Admitted> {
    const { basePath, gate, random, refusals } = this.#parts
    const { caller, isOld } = connection
    const { auth } = socket.handshake
    const session = isOld ? undefined : new PrivateId(auth.pid, random)
    const fields = isOld ? authOf(caller.target, auth) : { ...auth, offset: requestedOffset(auth) }
    let asking = caller
    try {
      asking = visitorCaller(caller, basePath, socket.nsp.name, fields, session?.client)
      this.#mustHaveSpace(connection)
      return {
        admission: await gate.admit(asking),
        session,
        isNamed: typeof fields.client === 'string',
        isRecovered: false,
      }
    } catch (error) {
      throw new ConnectError(refusals.of(error, asking))
    }
  }

  #enter(connection: Connection, socket: Socket, { admission, isNamed, isRecovered }: Admitted): NamespacePeer {
    const { room, route, visitor, offset, release, leave } = admission
    // A raw room gives no session id, so that its client is not known when it comes back.
    const client = room.kind === 'raw' && !isNamed ? undefined : visitor.client
    const encoding = this.#encodingOf(room, socket.nsp.name, connection.isOld)
    const peer = new NamespacePeer(connection, socket, encoding, this.#partsOf(route.mount), leave)
    peer.isRecovered = isRecovered
    try {
      peer.enter(room.join({ ...visitor, client, via: 'socketio' }, peer, offset))
    } finally {
      release()
    }
    return peer
  }

  /** Most peers spell a room's path alike, and share the encoding. */
  #encodingOf(room: JoinableRoom, name: string, isOld: boolean): NamespaceEncoding {
    const isUsual = !isOld && name === room.path
    const known = isUsual ? this.#encodings.get(room) : undefined
    if (known) return known
    const offsetOf = room.kind === 'event' ? (seq: number) => room.offset(seq) : undefined
    const made = new NamespaceEncoding(name, new PacketMaker(name, offsetOf), isOld)
    if (isUsual) this.#encodings.set(room, made)
    return made
  }

  #partsOf(mount: Mount): PeerParts {
    const known = this.#peerParts.get(mount)
    if (known) return known
    const { closed, tallyOf } = this.#parts
    const made = { kind: mount.kind, limits: mount.limits, tally: tallyOf(mount.pattern), closed }
    this.#peerParts.set(mount, made)
    return made
  }

  #joinLater(connection: Connection, socket: Socket): void {
    const { name } = socket.nsp
    const packets = new PacketMaker(name)
    const encoding = new NamespaceEncoding(name, packets, connection.isOld)
    const later = new LateJoin<Admitted>({
      admit: () => this.#admit(connection, socket),
      enter: (admitted) => {
        if (socket.connected) return this.#enter(connection, socket, admitted)
        cancel(admitted.admission)
        return undefined
      },
      refuse: ({ id }, error) => {
        connection.control()
        const data = error instanceof ConnectError ? error.data : { code: 'internal', message: 'the join failed' }
        const answer = id === undefined ? packets.error(JSON.stringify(data)) : refusal(data)
        const all = [id === undefined ? answer : packets.ack(id, answer)]
        connection.send(encoding.frames(all), () => all)
      },
      tooMany: () => new ConnectError(new Refusal(503, 'unavailable', 'too many of your messages are waiting')),
    })
    takeEvents(socket, (packet) => later.receive(packet))
  }

  /** The namespace that asks is among those that wait. Throws a `Refusal` 429. */
  #mustHaveSpace({ namespaces }: Connection): void {
    const most = this.#parts.mostNamespaces()
    if (namespaces.size <= most) return
    const message = `expected at most ${most} namespaces on one connection, got one more; open another connection`
    throw new Refusal(429, 'too_many', message).by('server.limits.namespaces')
  }

  #cancel(socket: Socket): void {
    const admitted = this.#admitted.get(socket)
    this.#admitted.delete(socket)
    if (admitted) cancel(admitted.admission)
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

/** A client of version 2 is put into `/` by its own protocol. */
function joinsLater({ isOld }: Connection, { nsp }: Socket): boolean {
  return isOld && nsp.name === '/'
}

/**
 * Asked when the connect is answered, in the same turn in which the peer joins: what it tells the client is what the
 * welcome says. Of a room on another node that was asked when the place was kept. In a raw room there is nothing to
 * recover.
 */
function resumes({ admission: { room, offset, resumes: known } }: Admitted): boolean {
  return room.kind === 'event' && offset !== undefined && (known ?? room.resumes(offset))
}

function refusal(data: ConnectError['data']): string {
  return JSON.stringify({ ok: false, ...data })
}

function cancel({ release, leave }: Admission): void {
  release()
  leave()
}
