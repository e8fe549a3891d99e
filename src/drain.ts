/**
 * The end of a server without an outage: nobody new comes in, peers are asked to come back in waves so that they do not
 * all return at once, and what is left at the deadline is cut. `server.ts` begins it, once.
 */
import type { Clock } from './clock.ts'
import { Close, type CloseReason } from './errors.ts'
import type { Connection } from './peer.ts'
import type { LiveRoom } from './room.ts'
import type { Rooms } from './rooms.ts'

/** Peers asked to go at once before the first pause. */
const WAVE = 500
const PAUSE_MS = 100
/** The share of the drain time in which peers are asked to go; the rest is for their answers and the last writes. */
const ASKING = 0.5
/** Clients come back within this time, each at a moment of its own. */
const RETURN_MS = 5000

/** Asks every peer to go (1012, with a hint when to come back), then closes all rooms. */
export async function drain(rooms: Rooms, clock: Clock, drainMs: number): Promise<void> {
  const peers = [...rooms.open()].flatMap(({ room }) =>
    room
      .peers()
      .map((peer) => ({ room, peer }))
      .toArray(),
  )
  const wave = Math.max(WAVE, Math.ceil((peers.length * PAUSE_MS) / Math.max(PAUSE_MS, drainMs * ASKING)))
  for (let at = 0; at < peers.length; at += wave) {
    if (at > 0) await new Promise<void>((resolve) => clock.after(PAUSE_MS, resolve))
    for (const { room, peer } of peers.slice(at, at + wave)) ask(room, peer)
  }
  await rooms.close(Close.restart)
}

function ask(room: LiveRoom, peer: Connection): void {
  if (!peer.hasLeft) room.end(peer, comeBack(Math.round(Math.random() * RETURN_MS)))
}

function comeBack(ms: number): CloseReason {
  return { code: Close.restart.code, reason: `restarting, come back in ${ms} ms` }
}
