/**
 * The one `upgrade` handler: it takes the raw socket, asks the gate, and hands the socket to its mount's own WebSocket
 * server, or refuses and destroys it. `server.ts` puts it on the HTTP server.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { Admission, Gate } from '../gate.ts'
import type { Mount } from '../mount.ts'
import { type CallerOf, handshakeOf } from './caller-reader.ts'
import type { Refusals } from './refusals.ts'
import { refuse } from './refuse.ts'
import type { WebSocketDoor } from './websocket.ts'

export interface UpgradeParts {
  readonly clock: Clock
  readonly gate: Gate
  readonly callerOf: CallerOf
  readonly door: (mount: Mount) => WebSocketDoor
  /** Every socket taken and not over yet; who ends the server ends what is left there. */
  readonly sockets: Set<Duplex>
  readonly refusals: Refusals
}

export function upgradeHandler({ clock, gate, callerOf, door, sockets, refusals }: UpgradeParts) {
  return (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    sockets.add(socket)
    // First of all, and to the last: Node took its own listener off before it called us, and a reset at any later
    // moment without one ends the process (CVE-2022-41940).
    socket.on('error', ignore)
    const caller = callerOf(request)
    const admitted = (admission: Admission) => {
      if (!enter(door(admission.route.mount), request, socket, head, admission)) sockets.delete(socket)
    }
    const refused = (error: unknown) => {
      sockets.delete(socket)
      refuse(clock, socket, refusals.of(error, caller))
    }
    try {
      const admission = gate.admit(caller, handshakeOf(request))
      if (admission instanceof Promise) admission.then(admitted).catch(refused)
      else admitted(admission)
    } catch (error) {
      refused(error)
    }
  }
}

function ignore(): void {}

function enter(
  door: WebSocketDoor,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  admission: Admission,
): boolean {
  const { room } = admission
  const isThere = socket.readable && socket.writable && !socket.destroyed
  let hasJoined = false
  // The answer to the handshake and the welcome go out in one write.
  socket.cork()
  try {
    hasJoined = isThere && !room.isClosed && door.open(request, socket, head, admission)
  } finally {
    socket.uncork()
    admission.release()
    if (!hasJoined) admission.leave()
  }
  if (hasJoined) return true
  if (isThere && room.isClosed)
    throw new Refusal(503, 'room_closed', 'this room was just closed', { 'Retry-After': '1' })
  if (!isThere) socket.destroy()
  return false
}
