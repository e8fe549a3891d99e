/**
 * The end of a server without an outage: nobody new comes in, peers are asked to come back in waves so that they do not
 * all return at once, and what is left at the deadline is cut. `server.ts` begins it, once.
 */
import type { Clock } from './clock.ts'
import { Close, type CloseReason } from './errors.ts'
import type { Rooms } from './rooms.ts'

/** Peers asked to go at once before the first pause. */
const WAVE = 500
const PAUSE_MS = 100
/** The share of the drain time in which peers are asked to go; the rest is for their answers and the last writes. */
const ASKING = 0.5
/** Clients come back within the drain time, each at a moment of its own, and within this at most. */
const RETURN_MS = 5000

/**
 * Asks every peer to go (1012, with a hint when to come back), then closes all rooms. `answered` resolves when no
 * request is left that a room must answer.
 */
export async function drain(
  rooms: Rooms,
  clock: Clock,
  drainMs: number,
  answered: () => Promise<void> = async () => {},
): Promise<void> {
  const withinMs = Math.min(drainMs, RETURN_MS)
  for (const { room } of [...rooms.open()]) room.hush(() => comeBack(withinMs))
  let peers = 0
  for (const { room } of rooms.open()) peers += room.size
  const wave = Math.max(WAVE, Math.ceil((peers * PAUSE_MS) / Math.max(PAUSE_MS, drainMs * ASKING)))
  for (let left = peers; left > 0; left -= wave) {
    ask(rooms, wave, withinMs)
    if (left > wave) await new Promise<void>((resolve) => clock.after(PAUSE_MS, resolve))
  }
  await answered()
  await rooms.close(Close.restart)
}

/** Asks at most so many peers to go. */
function ask(rooms: Rooms, atMost: number, withinMs: number): void {
  let left = atMost
  for (const { room } of [...rooms.open()]) {
    const peers = room.present.peers().take(left).toArray()
    left -= peers.length
    room.dismiss(peers, () => comeBack(withinMs))
    if (left <= 0) return
  }
}

function comeBack(withinMs: number): CloseReason {
  return { code: Close.restart.code, reason: `restarting, come back in ${Math.round(Math.random() * withinMs)} ms` }
}
