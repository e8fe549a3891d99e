/**
 * A log's epochs and the seq at which each began. A log begins a new epoch whenever it cannot be sure that it is the one
 * its clients knew (each start of a process), which costs a client nothing that lost nothing: an offset of an older
 * epoch is still good up to where that epoch ended, and beyond it the client is told what it lost.
 *
 * An epoch in which nothing was kept is on no disk. All that its clients saw was of before, so its offsets are judged by
 * the place in the log at which it began.
 */
import type { Lives } from './epoch.ts'
import type { Resume } from './log.ts'

export interface EpochEntry {
  readonly epoch: string
  /** The seq of its first event. */
  readonly first: number
}

export interface Lineage {
  readonly path: string
  readonly lives: Lives
  /** Oldest first, the last is now. */
  readonly epochs: readonly EpochEntry[]
  /** The oldest event kept, and the newest delivered. */
  readonly first: number
  readonly seq: number
}

/** Whether a client that saw up to (epoch, seen) can be given everything after it. */
export function locate(lineage: Lineage, epoch: string, seen: number): Resume {
  const { epochs, first, seq } = lineage
  const at = epochs.findIndex((entry) => entry.epoch === epoch)
  const next = at < 0 ? startOfUnsaved(lineage, epoch) : epochs[at + 1]?.first
  if (at < 0 && next === undefined) return { lost: 'epoch' }
  // Acknowledged once and gone since: the client saw events that no longer exist.
  if (next !== undefined && seen >= next) return { lost: 'truncated' }
  if (seen > seq) return { lost: 'ahead' }
  if (seen + 1 < first) return { lost: 'trimmed' }
  return { after: seen }
}

/** What would have been the first event of an epoch of this log that was never saved. */
function startOfUnsaved({ path, lives, epochs }: Lineage, epoch: string): number | undefined {
  if (lives.hasBegun(epoch, path, undefined, 1)) return 1
  return epochs.find((entry, index) => index > 0 && lives.hasBegun(epoch, path, epochs[index - 1]?.epoch, entry.first))
    ?.first
}
