/**
 * Graceful shutdown: new peers are refused, the load balancer is notified, peers are closed in waves so that they do
 * not all reconnect at once, and connections left at the deadline are cut. The port stays open to the end, so that
 * `/readyz` keeps answering 503. `ending.ts` starts it, once.
 */
import type { Duplex } from 'node:stream'
import type { Clock } from '../clock.ts'
import { Close, type CloseReason } from '../errors.ts'
import type { Random } from '../random.ts'
import type { Dismissal, DismissalParts } from '../room/dismissal.ts'
import type { Rooms } from '../room/rooms.ts'

/** The share of the drain time in which rooms are handed over. */
const HANDING = 0.3
/** How many peers are dismissed before the first pause. */
const WAVE = 500
const PAUSE_MS = 100
/** The share of the drain time in which peers are dismissed. The rest is for their answers and the last writes. */
const DISMISSING = 0.5
/** The share after which peers with unanswered messages get only `MOMENT_MS` more. */
const ANSWERING = 0.6
const MOMENT_MS = 200
/** Clients reconnect at a random time within the drain time, and within this at most. */
const RETURN_MS = 5000
/** Where other nodes go on, they only must not come all at once: within this, and a ms more for each. */
const ELSEWHERE_MS = 250

export interface DrainParts {
  readonly rooms: Rooms
  readonly clock: Clock
  readonly random: Random
  /** How long the whole drain may take. */
  readonly drainMs: number
  /** The first part of that: `/readyz` answers 503 and new peers are refused, but peers stay connected. */
  readonly noticeMs: number
  /** Resolves when no HTTP request for a room is in flight. */
  readonly answered: () => Promise<void>
  /** This node among others: it hands them its rooms, as many as can be within `ms`; its own peers are dismissed then. */
  readonly node: DrainingNode | undefined
}

export interface DrainingNode {
  /** Resolves with whether other nodes go on. */
  handOver(ms: number): Promise<boolean>
  /** Its peers in rooms of other nodes. */
  readonly ownPeers: Dismissible
}

/** Peers that are dismissed in waves: of a room, or of other nodes' rooms. */
interface Dismissible {
  left(isOwnOnly: boolean): number
  dismiss(parts: DismissalParts): Dismissal
}

/** Waits for the notice time, dismisses every peer (1012, with a reconnect delay), then closes all rooms. */
export async function drain(parts: DrainParts): Promise<void> {
  const { rooms, clock, random, drainMs, answered, node } = parts
  let { noticeMs } = parts
  let othersGoOn = false
  if (noticeMs > 0) await new Promise<void>((resolve) => clock.after(noticeMs, resolve))
  if (node) {
    const begunMs = clock.monotonic()
    othersGoOn = await node.handOver((drainMs - noticeMs) * HANDING)
    noticeMs += clock.monotonic() - begunMs
  }
  const all = () => [...[...rooms.open()].map(({ room }) => room.dismissals), ...(node ? [node.ownPeers] : [])]
  // The rooms that are left go to other nodes too, and their peers there stay where they are.
  const isOwnOnly = othersGoOn
  let peers = 0
  for (const each of all()) peers += each.left(isOwnOnly)
  const returnMs = Math.min(drainMs, RETURN_MS, othersGoOn ? ELSEWHERE_MS + peers : RETURN_MS)
  const reason = () => restarting(random.fraction() * returnMs)
  for (const { room } of [...rooms.open()]) room.endReaders(reason)
  const wave = Math.max(WAVE, Math.ceil((peers * PAUSE_MS) / Math.max(PAUSE_MS, (drainMs - noticeMs) * DISMISSING)))
  const lastAt = clock.monotonic() + (drainMs - noticeMs) * DISMISSING
  const answersAt = clock.monotonic() + (drainMs - noticeMs) * ANSWERING
  const dismissals: Promise<void>[] = []
  for (let left = peers; left > 0; ) {
    // A busy machine may be late.
    const atMost = clock.monotonic() >= lastAt ? left : wave
    const withinMs = Math.max(MOMENT_MS, answersAt - clock.monotonic())
    dismissals.push(...dismissWave(all(), { atMost, reason, withinMs, isOwnOnly }))
    left -= atMost
    if (left > 0) await new Promise<void>((resolve) => clock.after(PAUSE_MS, resolve))
  }
  await Promise.all(dismissals)
  await answered()
  await rooms.close(othersGoOn ? Close.moved : Close.restart)
}

/** Resolves when every socket is closed. */
export async function allClosed(sockets: Iterable<Duplex>): Promise<void> {
  const open = [...sockets].filter(({ closed }) => !closed)
  await Promise.all(open.map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))))
}

/** Dismisses so many further peers of all of them together. */
function* dismissWave(all: readonly Dismissible[], wave: DismissalParts): IterableIterator<Promise<void>> {
  let left = wave.atMost
  for (const peers of all) {
    const { dismissed, gone } = peers.dismiss({ ...wave, atMost: left })
    left -= dismissed
    yield gone
    if (left <= 0) return
  }
}

function restarting(backMs: number): CloseReason {
  const retryMs = Math.round(backMs)
  return { code: Close.restart.code, reason: `restarting, come back in ${retryMs} ms`, retryMs }
}
