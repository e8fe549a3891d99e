/**
 * Writes each commit to the file, measures it, and knows why the log cannot be written now. `commits.ts` gathers what it
 * writes; `sqlite.ts` owns it.
 */
import type { Clock } from '../../clock.ts'
import { errorOf } from '../../thrown.ts'
import type { SavedLife } from './saved-life.ts'
import type { Commit } from './stored.ts'
import type { SqliteThread } from './thread.ts'
import type { SqliteTrouble } from './trouble.ts'

/** A commit that takes longer is reported as trouble while it lasts. */
const HUNG_MS = 10_000

export interface CommitWriterParts {
  readonly thread: SqliteThread
  readonly clock: Clock
  readonly savedLife: SavedLife
  readonly trouble: SqliteTrouble
  /** Called with the duration of each commit, in seconds. */
  readonly onCommit: (seconds: number) => void
}

export class CommitWriter {
  readonly #parts: CommitWriterParts
  /** When the running commit began (monotonic ms). */
  #committingMs: number | undefined

  constructor(parts: CommitWriterParts) {
    this.#parts = parts
  }

  /** Why nothing can be written now; `undefined`: it can. */
  get trouble(): string | undefined {
    const { clock, trouble } = this.#parts
    if (trouble.current !== undefined || this.#committingMs === undefined) return trouble.current
    return clock.monotonic() - this.#committingMs > HUNG_MS ? 'the disk does not answer' : undefined
  }

  /** Resolves to whether it was written. */
  async write(commit: Commit): Promise<boolean> {
    const { thread, clock, savedLife, trouble, onCommit } = this.#parts
    const startedMs = clock.monotonic()
    this.#committingMs = startedMs
    try {
      const life = savedLife.unsaved
      await thread.call('commit', life ? { ...commit, life } : commit)
      savedLife.saved(life)
      onCommit((clock.monotonic() - startedMs) / 1000)
      return true
    } catch (error) {
      trouble.fail(errorOf(error))
      return false
    } finally {
      this.#committingMs = undefined
    }
  }
}
