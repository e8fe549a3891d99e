/**
 * Upgrades admitted requests to WebSockets and joins their peers. `ws` does the handshake and reads frames (RFC 6455).
 * `upgrade.ts` comes before; each connection becomes a `room-socket.ts`.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Mount } from '../../config/mount.ts'
import { Refusal } from '../../errors.ts'
import type { Admission } from '../../gate/admission.ts'
import { chooseProtocol } from '../../gate/identity.ts'
import type { CallerOf } from '../caller-reader.ts'
import type { Heartbeat } from '../heartbeat.ts'
import { refuse } from '../refusal-response.ts'
import type { Refusals } from '../refusals.ts'
import { NEGOTIATION } from './deflate.ts'
import { acceptedOffer } from './deflate-offer.ts'
import { Inflater } from './inflate.ts'
import { RoomSocket, type SocketParts } from './room-socket.ts'
import { HandshakeServer } from './ws-internals.ts'

/** How long a peer may take to answer a close. */
const CLOSE_ANSWER_MS = 5000

export interface WebSocketUpgradesParts extends Omit<SocketParts, 'limits'> {
  readonly heartbeat: Heartbeat
  readonly refusals: Refusals
  readonly callerOf: CallerOf
}

/** The WebSocket server of one mount. */
export class WebSocketUpgrades {
  readonly #server: HandshakeServer<typeof RoomSocket>
  readonly #parts: WebSocketUpgradesParts & SocketParts
  readonly #inflater: Inflater

  constructor(mount: Mount, parts: WebSocketUpgradesParts) {
    const { limits, compression, protocols } = mount
    this.#parts = { ...parts, limits }
    this.#inflater = new Inflater(parts.clock, limits.payloadBytes)
    this.#server = new HandshakeServer<typeof RoomSocket>({
      noServer: true,
      clientTracking: false,
      WebSocket: RoomSocket,
      maxPayload: limits.payloadBytes,
      maxFragments: limits.pieces,
      maxBufferedChunks: limits.pieces,
      // Above `limits.controls`, which closes with a reason, while this one cuts the connection.
      maxPendingAutoPongs: limits.controls + 1,
      closeTimeout: CLOSE_ANSWER_MS,
      perMessageDeflate: compression && NEGOTIATION,
      handleProtocols: (offered) => chooseProtocol(offered, protocols) ?? false,
    })
    // The gate has checked everything but malformed lists of protocols and extensions, which `ws` refuses.
    this.#server.on('wsClientError', ({ message }, socket, request) =>
      refuse(
        parts.clock,
        socket,
        parts.refusals.of(new Refusal(400, 'bad_handshake', message), parts.callerOf(request)),
      ),
    )
  }

  /** Upgrades and joins; nothing awaits between the handshake and the listeners. `false`: `ws` refused the request. */
  open(request: IncomingMessage, socket: Duplex, head: Buffer, admission: Admission): boolean {
    let hasJoined = false
    const { headers } = request
    const asked = headers['sec-websocket-extensions']
    // `ws` would refuse a client whose offers are not acceptable; here it is admitted, uncompressed (RFC 7692, 5.1).
    const offer = asked === undefined ? undefined : acceptedOffer(asked, this.#inflater.hasRoom)
    if (offer) headers['sec-websocket-extensions'] = offer.answer
    else if (asked !== undefined) delete headers['sec-websocket-extensions']
    // What libsoup sends for an empty list; `ws` would refuse it.
    if (headers['sec-websocket-protocol']?.trim() === '') delete headers['sec-websocket-protocol']
    this.#server.open(request, socket, head, (roomSocket, answer) => {
      const { room, visitor, offset } = admission
      this.#inflater.serve(roomSocket)
      const letGo = roomSocket.extensions !== '' && offer?.isLargest ? this.#inflater.keepLargest() : undefined
      const leave = () => {
        letGo?.()
        admission.leave()
      }
      // The same socket as `socket`, with its own type.
      const wire = roomSocket.listen(request.socket, this.#parts, letGo ? leave : admission.leave, answer)
      const session = room.join(visitor, wire, offset)
      roomSocket.enter(session, this.#parts.heartbeat.add(roomSocket, this.#parts.limits.heartbeatMs))
      hasJoined = true
    })
    return hasJoined
  }
}
