/**
 * A log's epochs and the seq at which each began. A log begins a new epoch whenever it cannot be sure that it is the one
 * its clients knew (each start of a process), which costs a client nothing that lost nothing: an offset of an older
 * epoch is still good up to where that epoch ended, and beyond it the client is told what it lost.
 */
import type { Resume } from './log.ts'

export interface Era {
  readonly epoch: string
  /** The seq of its first event. */
  readonly first: number
}

/** `first`, `seq`: the oldest event kept and the newest delivered. `eras`: oldest first, the last is now. */
export function locate(eras: readonly Era[], first: number, seq: number, epoch: string, seen: number): Resume {
  const at = eras.findIndex((era) => era.epoch === epoch)
  if (at < 0) return { lost: 'epoch' }
  const next = eras[at + 1]
  // Acknowledged once and gone since: the client saw events that no longer exist.
  if (next && seen >= next.first) return { lost: 'truncated' }
  if (seen > seq) return { lost: 'ahead' }
  if (seen + 1 < first) return { lost: 'trimmed' }
  return { after: seen }
}
