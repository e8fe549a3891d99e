/**
 * The only `upgrade` handler: it takes the raw socket, asks the gate, and passes the socket to the WebSocket server of its
 * mount, or refuses and destroys it. `server.ts` registers it on the HTTP server.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../clock.ts'
import { Refusal } from '../../errors.ts'
import type { Admission } from '../../gate/admission.ts'
import type { Caller, Handshake } from '../../gate/caller.ts'
import type { Gate } from '../../gate/gate.ts'
import { type CallerOf, handshakeOf } from '../caller-reader.ts'
import { refuse } from '../refusal-response.ts'
import type { Refusals } from '../refusals.ts'
import type { MountUpgrades } from './mount-upgrades.ts'

/** The arguments of Node's `upgrade` event. */
interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

export interface UpgradeParts {
  readonly clock: Clock
  readonly gate: Gate
  readonly callerOf: CallerOf
  readonly upgrades: Pick<MountUpgrades, 'of'>
  /** All open sockets; `ending.ts` destroys the rest of them. */
  readonly sockets: Set<Duplex>
  readonly refusals: Refusals
  /** Takes the upgrades at a path of its own. */
  readonly gateway?: UpgradeGateway | undefined
}

export interface UpgradeGateway {
  takes(request: IncomingMessage): boolean
  /** Throws a `Refusal`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, caller: Caller, handshake: Handshake): void
}

export function upgradeHandler(parts: UpgradeParts) {
  const { gate, callerOf, sockets, gateway } = parts
  return (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    sockets.add(socket)
    // First of all, and never removed: Node has removed its own listener, and a later reset without one would end the
    // process (CVE-2022-41940).
    socket.on('error', ignore)
    const caller = callerOf(request)
    try {
      if (gateway?.takes(request)) {
        gateway.upgrade(request, socket, head, caller, handshakeOf(request))
        return
      }
      const admission = gate.admit(caller, handshakeOf(request))
      if (admission instanceof Promise) void enterLater(parts, caller, { request, socket, head }, admission)
      else enter(parts, { request, socket, head }, admission)
    } catch (error) {
      refused(parts, caller, socket, error)
    }
  }
}

async function enterLater(parts: UpgradeParts, caller: Caller, upgrade: Upgrade, admission: Promise<Admission>) {
  try {
    enter(parts, upgrade, await admission)
  } catch (error) {
    refused(parts, caller, upgrade.socket, error)
  }
}

function refused({ clock, sockets, refusals }: UpgradeParts, caller: Caller, socket: Duplex, error: unknown): void {
  sockets.delete(socket)
  refuse(clock, socket, refusals.of(error, caller))
}

function ignore(): void {}

function enter({ upgrades, sockets }: UpgradeParts, { request, socket, head }: Upgrade, admission: Admission): void {
  const { room, route } = admission
  const isThere = socket.readable && socket.writable && !socket.destroyed
  let hasJoined = false
  try {
    hasJoined = isThere && !room.isClosed && upgrades.of(route.mount).open(request, socket, head, admission)
  } finally {
    admission.release()
    if (!hasJoined) admission.leave()
  }
  if (hasJoined) return
  if (isThere && room.isClosed)
    throw new Refusal(503, 'room_closed', 'this room was just closed', { 'Retry-After': '1' })
  sockets.delete(socket)
  if (!isThere) socket.destroy()
}
