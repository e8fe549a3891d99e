/**
 * A bound on what waits for slow peers in the whole server: above it, those for whom most waits are cut first, and may
 * come back and resume. Each peer's own bound is kept at every write (`shard.ts`); this looks once a second.
 */
import type { Clock } from './clock.ts'
import type { Rooms } from './rooms.ts'

const LOOK_MS = 1000

/** Looks from now on. `limitBytes` is asked each time, since a reload may change it. */
export function relieve(rooms: Rooms, clock: Clock, limitBytes: () => number): void {
  clock.every(LOOK_MS, () => look(rooms, limitBytes()))
}

function look(rooms: Rooms, limitBytes: number): void {
  const slow: { waiting: number; cut: () => void }[] = []
  let total = 0
  for (const { room } of rooms.open()) {
    for (const peer of room.present.peers()) {
      const { waiting } = peer.seat.wire
      if (waiting === 0) continue
      total += waiting
      slow.push({ waiting, cut: () => room.slow(peer) })
    }
  }
  if (total <= limitBytes) return
  slow.sort((a, b) => b.waiting - a.waiting)
  for (const { waiting, cut } of slow) {
    cut()
    total -= waiting
    if (total <= limitBytes) return
  }
}
