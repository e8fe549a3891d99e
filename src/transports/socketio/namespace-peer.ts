/**
 * A peer in one namespace: the messages of its socket go to the session of its room. An event is sent to the room as the
 * text that a WebSocket client would send, with the number of its answer. `namespaces.ts` joins it.
 */
import type { Mount } from '../../config/mount.ts'
import { Close, type CloseReason, RoomError } from '../../errors.ts'
import type { Session } from '../../room/session.ts'
import { countExceeded, type Tally } from '../../tally.ts'
import { Bucket } from '../../token-bucket.ts'
import { type Message, messageOf, type RoomKind } from './messages.ts'
import type { NamespaceWire } from './namespace-wire.ts'
import type { Packet } from './socketio-internals.ts'

/** As over a WebSocket, where `ws` closes for it. */
const TOO_LARGE: CloseReason = { code: 1009, reason: 'expected a smaller message' }

export interface NamespacePeerParts {
  readonly kind: RoomKind
  readonly limits: Mount['limits']
  readonly wire: NamespaceWire
  readonly tally: Tally
  readonly now: () => number
}

export class NamespacePeer {
  readonly limits: Mount['limits']
  readonly #parts: NamespacePeerParts
  readonly #session: Session
  /** For messages that never reach the room, which has the same rate for all others. */
  #badMessages: Bucket | undefined
  #ignored = 0

  constructor(session: Session, parts: NamespacePeerParts) {
    this.#session = session
    this.#parts = parts
    this.limits = parts.limits
  }

  receive({ data, id: ref }: Packet): void {
    const { kind, wire, limits, tally } = this.#parts
    if (wire.isClosed) return
    let message: Message
    try {
      message = messageOf(data, kind)
    } catch (thrown) {
      this.#refuse(thrown, ref)
      return
    }
    if (sizeOf(message) > limits.payloadBytes) {
      countExceeded(tally.exceeded, 'limits.payload')
      this.#session.end(TOO_LARGE)
      return
    }
    this.#session.receive(message, ref)
    // A raw room answers nothing; a client that tries again until it is answered must not say it twice.
    if (kind === 'raw' && ref !== undefined) this.#answer(ref, '{"ok":true,"kept":"memory"}')
  }

  gone(isLost: boolean): void {
    this.#session.gone(isLost && !this.#parts.wire.isClosed)
  }

  cutSlow(): void {
    this.#session.cutSlow('limits.sendTimeout')
  }

  #refuse(thrown: unknown, ref: number | undefined): void {
    const { limits, tally, now } = this.#parts
    this.#badMessages ??= new Bucket(limits.rate, now())
    tally.received += 1
    tally.failed += 1
    if (this.#badMessages.take(limits.rate, now())) {
      const { code, message } = thrown instanceof RoomError ? thrown : unreadable()
      if (ref === undefined) this.#write((packets) => packets.error(JSON.stringify({ code, message })))
      else this.#answer(ref, JSON.stringify({ ok: false, code, message }))
      return
    }
    this.#ignored += 1
    if (this.#ignored <= limits.rate.burst * limits.abuse) return
    countExceeded(tally.exceeded, 'limits.abuse')
    this.#session.end(Close.abuse)
  }

  #answer(ref: number, json: string): void {
    this.#write((packets) => packets.ack(ref, json))
  }

  /** After what the room has sent. */
  #write(make: (packets: NamespaceWire['encoding']['packets']) => string): void {
    this.#session.flush()
    this.#parts.wire.sendPackets([make(this.#parts.wire.encoding.packets)])
  }
}

function sizeOf(message: Message): number {
  return typeof message === 'string' ? Buffer.byteLength(message) : message.length
}

function unreadable(): RoomError {
  return new RoomError('bad_message', 'expected data that can be written as JSON')
}
