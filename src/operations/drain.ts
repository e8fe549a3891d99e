/**
 * The end of a server without an outage: nobody new comes in, a load balancer is told, peers are asked to come back in
 * waves so that they do not all return at once, and what is left at the deadline is cut. The port stays open to the
 * last, so that who asks for `/readyz` hears 503 for as long as it takes. `server.ts` begins it, once.
 */
import type { Duplex } from 'node:stream'
import type { Clock } from '../clock.ts'
import { Close, type CloseReason } from '../errors.ts'
import type { Random } from '../random.ts'
import type { Rooms } from '../room/rooms.ts'

/** Peers asked to go at once before the first pause. */
const WAVE = 500
const PAUSE_MS = 100
/** The share of the drain time in which peers are asked to go; the rest is for their answers and the last writes. */
const ASKING = 0.5
/** The share after which nobody is waited for who still has answers to get, but for a moment. */
const ANSWERING = 0.6
const MOMENT_MS = 200
/** Clients come back within the drain time, each at a moment of its own, and within this at most. */
const RETURN_MS = 5000

export interface DrainParts {
  readonly rooms: Rooms
  readonly clock: Clock
  readonly random: Random
  /** How long all of it may take. */
  readonly drainMs: number
  /** The first part of that: `/readyz` says 503 and nobody new comes in, but who is in stays. */
  readonly noticeMs: number
  /** Resolves when no request is left that a room must answer. */
  readonly answered: () => Promise<void>
}

/** Gives notice, asks every peer to go (1012, with a hint when to come back), then closes all rooms. */
export async function drain({ rooms, clock, random, drainMs, noticeMs, answered }: DrainParts): Promise<void> {
  if (noticeMs > 0) await new Promise<void>((resolve) => clock.after(noticeMs, resolve))
  const withinMs = Math.min(drainMs, RETURN_MS)
  const comeBack = () => restarting(random.fraction() * withinMs)
  for (const { room } of [...rooms.open()]) room.endReaders(comeBack)
  let peers = 0
  for (const { room } of rooms.open()) peers += room.count
  const wave = Math.max(WAVE, Math.ceil((peers * PAUSE_MS) / Math.max(PAUSE_MS, (drainMs - noticeMs) * ASKING)))
  const answersAt = clock.monotonic() + (drainMs - noticeMs) * ANSWERING
  const farewells: Promise<void>[] = []
  for (let left = peers; left > 0; left -= wave) {
    const answersMs = Math.max(MOMENT_MS, answersAt - clock.monotonic())
    farewells.push(...dismissWave(rooms, wave, comeBack, answersMs))
    if (left > wave) await new Promise<void>((resolve) => clock.after(PAUSE_MS, resolve))
  }
  await Promise.all(farewells)
  await answered()
  await rooms.close(Close.restart)
}

/** Resolves when every socket is closed: who was asked to go has gone. */
export async function allClosed(sockets: Iterable<Duplex>): Promise<void> {
  const open = [...sockets].filter(({ closed }) => !closed)
  await Promise.all(open.map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))))
}

/** Asks at most so many peers to go, who were not asked before. */
function* dismissWave(
  rooms: Rooms,
  atMost: number,
  comeBack: () => CloseReason,
  answersMs: number,
): IterableIterator<Promise<void>> {
  let left = atMost
  for (const { room } of [...rooms.open()]) {
    const { asked, gone } = room.dismiss(left, comeBack, answersMs)
    left -= asked
    yield gone
    if (left <= 0) return
  }
}

function restarting(backMs: number): CloseReason {
  const retryMs = Math.round(backMs)
  return { code: Close.restart.code, reason: `restarting, come back in ${retryMs} ms`, retryMs }
}
