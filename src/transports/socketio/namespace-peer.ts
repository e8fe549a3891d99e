/**
 * A peer in one namespace: the messages of its socket go to the session of its room, in the text that a WebSocket client
 * would send, with the number of their answer. `namespaces.ts` makes it and joins it.
 */
import type { Socket } from 'socket.io'
import { Close, type CloseReason, RoomError } from '../../errors.ts'
import type { Session } from '../../room/session.ts'
import { countExceeded, type Tally } from '../../tally.ts'
import { Bucket } from '../../token-bucket.ts'
import type { Connection } from './connection.ts'
import { type Message, messageOf, type RoomKind } from './messages.ts'
import type { NamespaceEncoding } from './namespace-encoding.ts'
import { NamespaceWire } from './namespace-wire.ts'
import { dropHandshake, type Packet, takeEvents } from './socketio-internals.ts'

/** As over a WebSocket, where `ws` closes for it. */
const TOO_LARGE: CloseReason = { code: 1009, reason: 'expected a smaller message' }
/** The reason of socket.io for a client that left the namespace on purpose. */
const LEFT = 'client namespace disconnect'

/** Shared by all peers of one line of `rooms.json`. */
export interface PeerParts {
  readonly kind: RoomKind
  readonly limits: NamespaceWire['limits']
  readonly tally: Tally
  /** Counts a connection that the server ends. */
  readonly closed: (code: number) => void
}

export class NamespacePeer extends NamespaceWire {
  readonly #parts: PeerParts
  readonly #socket: Socket
  readonly #leave: () => void
  /** `undefined` while it joins. */
  #session: Session | undefined
  #isGone = false
  /** For messages that never reach the room, which has the same rate for all others. */
  #badMessages: Bucket | undefined
  #ignored = 0

  /** Begins to listen. `leave` is called when it is gone. */
  constructor(
    connection: Connection,
    socket: Socket,
    encoding: NamespaceEncoding,
    parts: PeerParts,
    leave: () => void,
  ) {
    super(connection, encoding, parts.limits)
    this.#parts = parts
    this.#socket = socket
    this.#leave = leave
    // Listeners are shared functions, which find the peer here.
    socket.data = this
    dropHandshake(socket)
    takeEvents(socket, received)
    socket.on('disconnect', disconnected)
  }

  /** Called when the peer has joined. */
  enter(session: Session): void {
    this.#session = session
    if (!this.#isGone) this.connection.namespaces.add(this.#socket.nsp.name, this)
  }

  receive({ data, id: ref }: Packet): void {
    const session = this.#session
    if (!session || this.isClosed) return
    const { kind, tally } = this.#parts
    let message: Message
    try {
      message = messageOf(data, kind)
    } catch (thrown) {
      this.#refuse(session, thrown, ref)
      return
    }
    if (sizeOf(message) > this.limits.payloadBytes) {
      countExceeded(tally.exceeded, 'limits.payload')
      session.end(TOO_LARGE)
      return
    }
    session.receive(message, ref)
    // A raw room answers nothing; a client that tries again until it is answered must not say it twice.
    if (kind === 'raw' && ref !== undefined) this.#answer(session, ref, '{"ok":true,"kept":"memory"}')
  }

  gone(reason: string): void {
    this.#isGone = true
    this.connection.namespaces.remove(this.#socket.nsp.name)
    this.#leave()
    this.#session?.gone(reason !== LEFT && !this.connection.isLeaving && !this.isClosed)
  }

  /** Cuts off a peer that does not read. */
  cutSlow(): void {
    this.#session?.cutSlow('limits.sendTimeout')
  }

  protected override disconnect(): void {
    this.connection.namespaces.end(this.#socket.nsp.name)
    this.#socket.disconnect()
  }

  protected override closed(code: number): void {
    this.#parts.closed(code)
  }

  #refuse(session: Session, thrown: unknown, ref: number | undefined): void {
    const { tally } = this.#parts
    const { rate, abuse } = this.limits
    const now = this.connection.clock.monotonic()
    this.#badMessages ??= new Bucket(rate, now)
    tally.received += 1
    tally.failed += 1
    if (this.#badMessages.take(rate, now)) {
      const { code, message } = thrown instanceof RoomError ? thrown : unreadable()
      if (ref !== undefined) this.#answer(session, ref, JSON.stringify({ ok: false, code, message }))
      else this.#write(session, () => this.encoding.packets.error(JSON.stringify({ code, message }), this.after))
      return
    }
    this.#ignored += 1
    if (this.#ignored <= rate.burst * abuse) return
    countExceeded(tally.exceeded, 'limits.abuse')
    session.end(Close.abuse)
  }

  #answer(session: Session, ref: number, json: string): void {
    this.#write(session, () => this.encoding.packets.ack(ref, json))
  }

  /** After what the room has sent. */
  #write(session: Session, packet: () => string): void {
    session.flush()
    this.sendPackets([packet()])
  }
}

function received(this: Socket, packet: Packet): void {
  const peer: unknown = this.data
  if (peer instanceof NamespacePeer) peer.receive(packet)
}

function disconnected(this: Socket, reason: string): void {
  const peer: unknown = this.data
  if (peer instanceof NamespacePeer) peer.gone(reason)
}

function sizeOf(message: Message): number {
  return typeof message === 'string' ? Buffer.byteLength(message) : message.length
}

function unreadable(): RoomError {
  return new RoomError('bad_message', 'expected data that can be written as JSON')
}
