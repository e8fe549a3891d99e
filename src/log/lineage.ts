/**
 * A log's epochs and the seq at which each began. A log begins a new epoch at each start of a process, since it cannot
 * know that it is the one its clients saw. A client that lost nothing does not notice: an offset of an older epoch is
 * valid up to the end of that epoch, and beyond it the client learns what it lost.
 *
 * An epoch without events is not on disk. Its offsets are judged by the seq at which it began.
 */
import type { EpochMaker, Lives } from './epoch.ts'
import type { Resume } from './log.ts'

export interface EpochEntry {
  readonly epoch: string
  /** The seq of its first event. */
  readonly first: number
  /** It began because the history was cleared: offsets of the epochs before it are not answered any more. */
  readonly isCleared?: boolean | undefined
}

/** The most epochs that are known of a room. */
export const MAX_EPOCHS = 1000

export interface Lineage {
  readonly path: string
  readonly lives: EpochMaker
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
  const later = at < 0 ? afterUnsaved(lineage, epoch) : epochs.slice(at + 1)
  if (!later) return { lost: 'epoch' }
  if (later.some(({ isCleared }) => isCleared)) return { lost: 'cleared' }
  const next = later[0]?.first
  // The client saw events that were acknowledged and lost since.
  if (next !== undefined && seen >= next) return { lost: 'truncated' }
  if (seen > seq) return { lost: 'ahead' }
  if (seen + 1 < first) return { lost: 'trimmed' }
  return { after: seen }
}

/** The oldest event that may be read: none from before the history was cleared. */
export function clearedTo(epochs: readonly EpochEntry[]): number {
  return epochs.findLast(({ isCleared }) => isCleared)?.first ?? 0
}

/** What is at least known of an epoch that was never saved: those that follow it. `undefined`: it is not of this log. */
function afterUnsaved(
  { path, lives, epochs }: Lineage,
  epoch: string,
): readonly Pick<EpochEntry, 'first' | 'isCleared'>[] | undefined {
  // The room was unknown when it began: its first event has the number 1.
  if (lives.hasBegun(epoch, path, undefined, 1)) return [{ first: 1 }, ...epochs]
  const at = epochs.findIndex(
    (entry, index) => index > 0 && lives.hasBegun(epoch, path, epochs[index - 1]?.epoch, entry.first),
  )
  return at < 0 ? undefined : epochs.slice(at)
}

/**
 * The epochs to save when the history is cleared: the events from `first` on are the first of the last of them. `saved`:
 * those that are saved. Clients may have offsets of a current epoch that is not.
 */
export function clearedEpochs(path: string, lives: Lives, saved: readonly EpochEntry[], first: number): EpochEntry[] {
  const last = saved.at(-1)?.epoch
  const isCurrent = last !== undefined && lives.isOf(last)
  const current = isCurrent ? last : lives.begin(path, last, first)
  const cleared = { epoch: lives.begin(path, current, first), first, isCleared: true }
  return isCurrent ? [cleared] : [{ epoch: current, first }, cleared]
}
