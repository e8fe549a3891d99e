/** The epochs of one room in this opening: those that are kept, and the one that its first commit begins. */
import type { EpochMaker } from '../epoch.ts'
import { clearedTo, type EpochEntry, MAX_EPOCHS } from '../lineage.ts'

export class RoomEpochs {
  readonly #maker: EpochMaker
  readonly #path: string
  /** The oldest first; the last is the current one. */
  #all: readonly EpochEntry[]
  #isSaved = false
  clearedTo: number

  /** `saved`: those that are kept; `seq`: of the newest event. */
  constructor(maker: EpochMaker, path: string, saved: readonly EpochEntry[], seq: number) {
    this.#maker = maker
    this.#path = path
    this.#all = [...saved, { epoch: maker.begin(path, saved.at(-1)?.epoch, seq + 1), first: seq + 1 }]
    this.clearedTo = clearedTo(saved)
  }

  get all(): readonly EpochEntry[] {
    return this.#all
  }

  get current(): string {
    return this.#all.at(-1)?.epoch ?? ''
  }

  /** The epochs that a commit begins, in which the history is cleared before each of these seqs. */
  begins(cleared: readonly number[]): EpochEntry[] {
    const begins = this.#isSaved ? [] : this.#all.slice(-1)
    for (const first of cleared) {
      const previous = begins.at(-1)?.epoch ?? this.current
      begins.push({ epoch: this.#maker.begin(this.#path, previous, first), first, isCleared: true })
    }
    return begins
  }

  /** They are kept. */
  begun(begins: readonly EpochEntry[]): void {
    const isNew = ({ epoch }: EpochEntry) => epoch !== this.current
    this.#isSaved = true
    this.#all = [...this.#all, ...begins.filter(isNew)].slice(-MAX_EPOCHS)
    this.clearedTo = Math.max(this.clearedTo, clearedTo(begins))
  }
}
