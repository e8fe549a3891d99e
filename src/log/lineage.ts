/**
 * A log's epochs and the seq at which each began. A log begins a new epoch at each start of a process, since it cannot
 * know that it is the one its clients saw. A client that lost nothing does not notice: an offset of an older epoch is
 * valid up to the end of that epoch, and beyond it the client learns what it lost.
 *
 * An epoch without events is not on disk. Its offsets are judged by the seq at which it began.
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
  /** Oldest first; the last is the current one. */
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
  // The client saw events that were acknowledged and lost since.
  if (next !== undefined && seen >= next) return { lost: 'truncated' }
  if (seen > seq) return { lost: 'ahead' }
  if (seen + 1 < first) return { lost: 'trimmed' }
  return { after: seen }
}

/** The seq at which an epoch that was never saved began; `undefined`: it is not of this log. */
function startOfUnsaved({ path, lives, epochs }: Lineage, epoch: string): number | undefined {
  if (lives.hasBegun(epoch, path, undefined, 1)) return 1
  return epochs.find((entry, index) => index > 0 && lives.hasBegun(epoch, path, epochs[index - 1]?.epoch, entry.first))
    ?.first
}
