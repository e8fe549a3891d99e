/** Tells the room and the entries of a commit that it is kept, each with its events. `room-commits.ts` says when. */
import type { Kept } from '../log.ts'
import { framesOf } from './commit-call.ts'
import type { CommittingRoom } from './committing-room.ts'
import type { EntryQueue } from './entry-queue.ts'
import type { Flight } from './flight.ts'

export function tell(
  room: CommittingRoom,
  queue: EntryQueue,
  { call, isLate }: Flight,
  timeMs: number,
  as: Kept,
): void {
  const cleared = call.begins.filter(({ isCleared }) => isCleared)
  room.epochs.begun(call.begins.filter(({ isCleared }) => !isCleared))
  for (const [pending, frames] of framesOf(call, timeMs)) {
    const { keys, changes } = pending.entry
    if (changes?.clearsHistory) room.epochs.begun(cleared.splice(0, 1))
    room.kept(frames, keys, changes, as)
    if (isLate) pending.entry.keptLate?.(frames)
    else queue.end(pending, () => pending.entry.kept(frames))
  }
}
