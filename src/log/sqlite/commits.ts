/**
 * The group commit: appends of all rooms that come while one commit runs are written together in the next. A failing
 * append ends alone; the loop goes on. `sqlite.ts` writes, `room.ts` appends.
 */
import type { Clock } from '../../clock.ts'
import { RoomError } from '../../errors.ts'
import type { ErrorLogger } from '../../guarded.ts'
import { type DraftChanges, merged } from './changes.ts'
import type { StoredKey } from './idempotency.ts'
import type { Begin, Commit } from './stored.ts'

/** A commit that is being gathered. */
export interface CommitDraft {
  readonly begins: Begin[]
  /** As in `Commit`. */
  readonly events: (number | string)[]
  readonly keys: StoredKey[]
  readonly changes: DraftChanges[]
}

/** Something that waits for a commit. */
export interface Append {
  /** Characters of its events. */
  readonly length: number
  /** Numbers its events and adds them to the commit. */
  prepare(commit: CommitDraft): void
  committed(): void
  failed(error: RoomError): void
}

/** The most appends, and characters of them, that may wait for the disk; beyond it, appends are refused. */
const MAX_WAITING = { appends: 100_000, length: 64 * 1024 * 1024 }

export class SqliteCommits {
  readonly #clock: Clock
  readonly #write: (commit: Commit) => Promise<boolean>
  readonly #logger: ErrorLogger
  #queue: Append[] = []
  #queued = 0
  #isRunning = false
  #idle: (() => void) | undefined

  /** `write` resolves to `false` if the commit could not be written. */
  constructor(clock: Clock, write: (commit: Commit) => Promise<boolean>, logger: ErrorLogger) {
    this.#clock = clock
    this.#write = write
    this.#logger = logger
  }

  get isFull(): boolean {
    return this.#queue.length >= MAX_WAITING.appends || this.#queued >= MAX_WAITING.length
  }

  /** Adds an append to the next commit; later its `committed` or `failed` is called. */
  enqueue(append: Append): void {
    this.#queue.push(append)
    this.#queued += append.length
    if (this.#isRunning) return
    this.#isRunning = true
    this.#clock.soon(this.#run)
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    if (!this.#isRunning) return
    await new Promise<void>((resolve) => {
      this.#idle = resolve
    })
  }

  #run = async (): Promise<void> => {
    while (this.#queue.length > 0) await this.#next(this.#take())
    this.#isRunning = false
    this.#idle?.()
  }

  async #next(appends: readonly Append[]): Promise<void> {
    const commit: CommitDraft = { begins: [], events: [], keys: [], changes: [] }
    // Numbered only now, so that a failed commit leaves no hole.
    const prepared = appends.filter((append) => this.#prepare(append, commit))
    if (await this.#written(commit)) {
      for (const append of prepared) this.#end('keeping', () => append.committed())
      return
    }
    // Appends that came meanwhile fail too: after a failed sync, a second one proves nothing.
    const failed = new RoomError('unavailable', 'this could not be kept, send it again later')
    for (const append of [...prepared, ...this.#take()]) this.#end('refusing', () => append.failed(failed))
  }

  /** Returns `false` if it threw; the commit is then without it. */
  #prepare(append: Append, commit: CommitDraft): boolean {
    const { begins, events, keys, changes } = commit
    const lengths = [begins.length, events.length, keys.length, changes.length] as const
    try {
      append.prepare(commit)
      return true
    } catch (error) {
      this.#logger.error({ err: error }, 'an append could not be prepared, it is refused')
      ;[begins.length, events.length, keys.length, changes.length] = lengths
      this.#end('refusing', () => append.failed(new RoomError('unavailable', 'this could not be kept')))
      return false
    }
  }

  async #written(draft: CommitDraft): Promise<boolean> {
    if (Object.values(draft).every(({ length }) => length === 0)) return true
    try {
      return await this.#write({ ...draft, changes: merged(draft.changes), now: this.#clock.now() })
    } catch (error) {
      this.#logger.error({ err: error }, 'a commit failed')
      return false
    }
  }

  /** An error at the end of one append must not hold up the others. */
  #end(what: string, work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#logger.error({ err: error }, `${what} an append failed`)
    }
  }

  #take(): Append[] {
    const appends = this.#queue
    this.#queue = []
    this.#queued = 0
    return appends
  }
}
