/** The epochs of one room in this process: which are on disk, and which begin with a commit. `room.ts` owns them. */
import type { Lives } from '../epoch.ts'
import { clearedTo, type EpochEntry, MAX_EPOCHS } from '../lineage.ts'
import type { Retention } from '../log.ts'
import type { CommitDraft } from './commits.ts'

export class RoomEpochs {
  readonly #lives: Lives
  readonly #path: string
  readonly #retention: Retention
  /** The oldest first; the last is the current one. */
  #all: readonly EpochEntry[]
  #isSaved: boolean
  /** The index of the room's first epoch in the commit that is being gathered, if it has one. */
  #beginAt = -1
  /** The newest one in the commit that is being gathered or written, if that clears the history. */
  #next: EpochEntry | undefined
  clearedTo: number

  /** `saved`: those on disk; `seq`: of the newest event. */
  constructor(lives: Lives, path: string, retention: Retention, saved: readonly EpochEntry[], seq: number) {
    this.#lives = lives
    this.#path = path
    this.#retention = retention
    const last = saved.at(-1)?.epoch
    this.#isSaved = last !== undefined && lives.isOf(last)
    this.#all = this.#isSaved ? saved : [...saved, { epoch: lives.begin(path, last, seq + 1), first: seq + 1 }]
    this.clearedTo = clearedTo(this.#all)
  }

  get all(): readonly EpochEntry[] {
    return this.#all
  }

  get current(): string {
    return this.#all.at(-1)?.epoch ?? ''
  }

  /** The first commit stores the room and its epoch. */
  begin({ begins }: CommitDraft, id: number): void {
    const entry = this.#all.at(-1)
    // By its index: a search would be quadratic in the rooms that begin in one commit.
    if (this.#isSaved || !entry || begins[this.#beginAt]?.id === id) return
    this.#beginAt = begins.length
    this.#add(begins, id, entry, this.#all.length)
  }

  /** Begins an epoch in which nothing from before `first` is kept. */
  clear({ begins }: CommitDraft, id: number, first: number): EpochEntry {
    const previous = this.#next?.epoch ?? this.current
    const entry = { epoch: this.#lives.begin(this.#path, previous, first), first, isCleared: true }
    this.#add(begins, id, entry, this.#all.length + 1)
    this.#next = entry
    return entry
  }

  /** The commit is on disk; `cleared`: the epoch that it began. Returns whether it was the first one. */
  saved(cleared: EpochEntry | undefined): boolean {
    const isFirst = !this.#isSaved
    this.#isSaved = true
    if (cleared) {
      this.#all = [...this.#all, cleared].slice(-MAX_EPOCHS)
      this.clearedTo = cleared.first
      if (this.#next === cleared) this.#next = undefined
    }
    return isFirst
  }

  failed(): void {
    this.#next = undefined
  }

  #add(begins: CommitDraft['begins'], id: number, entry: EpochEntry, epochCount: number): void {
    const { maxAgeMs, forgetAfterMs } = this.#retention
    begins.push({ id, path: this.#path, maxAgeMs, forgetAfterMs, entry, epochCount })
  }
}
