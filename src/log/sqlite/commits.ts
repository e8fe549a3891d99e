/**
 * What waits for the disk, from all rooms: gathered while one commit runs, kept together in the next. What goes wrong in
 * one append ends that append alone; the loop goes on. `sqlite.ts` writes, `room.ts` appends.
 */
import type { Clock } from '../../clock.ts'
import { RoomError } from '../../errors.ts'
import type { ErrorLogger } from '../../guarded.ts'
import type { StoredKey } from './idempotency.ts'
import type { Begin, Commit } from './stored.ts'

/** A commit that is being gathered. */
export interface Draft extends Commit {
  readonly begins: Begin[]
  readonly events: (number | string)[]
  readonly keys: StoredKey[]
}

/** Something that waits for a commit. */
export interface Append {
  /** Characters of its events. */
  readonly length: number
  /** Numbers its events and adds them to the commit. */
  prepare(commit: Draft): void
  committed(): void
  failed(error: Error): void
}

/** Appends that may wait for the disk, and characters of theirs; beyond it, they are refused. */
const MAX_WAITING = { appends: 100_000, length: 64 * 1024 * 1024 }

export class SqliteCommits {
  readonly #clock: Clock
  readonly #write: (commit: Commit) => Promise<boolean>
  readonly #logger: ErrorLogger
  #queue: Append[] = []
  #queued = 0
  #isRunning = false
  #idle: (() => void) | undefined

  /** `write` keeps a commit; it resolves to `false` where that was not possible. */
  constructor(clock: Clock, write: (commit: Commit) => Promise<boolean>, logger: ErrorLogger) {
    this.#clock = clock
    this.#write = write
    this.#logger = logger
  }

  get isFull(): boolean {
    return this.#queue.length >= MAX_WAITING.appends || this.#queued >= MAX_WAITING.length
  }

  /** Takes an append into the next commit; its own `committed` or `failed` is called. */
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
    const commit: Draft = { begins: [], events: [], keys: [] }
    // Numbered only now: what failed before has left no hole.
    const prepared = appends.filter((append) => this.#prepare(append, commit))
    if (await this.#written(commit)) {
      for (const append of prepared) this.#end('keeping', () => append.committed())
      return
    }
    // What came meanwhile is not tried: after a failed sync a second one proves nothing.
    const failed = new RoomError('unavailable', 'this could not be kept, say it again later')
    for (const append of [...prepared, ...this.#take()]) this.#end('refusing', () => append.failed(failed))
  }

  /** `false`: it threw, and the commit is without it. */
  #prepare(append: Append, { begins, events, keys }: Draft): boolean {
    const lengths = [begins.length, events.length, keys.length] as const
    try {
      append.prepare({ begins, events, keys })
      return true
    } catch (error) {
      this.#logger.error({ err: error }, 'an append could not be prepared, it is refused')
      ;[begins.length, events.length, keys.length] = lengths
      this.#end('refusing', () => append.failed(new RoomError('unavailable', 'this could not be kept')))
      return false
    }
  }

  async #written(commit: Draft): Promise<boolean> {
    if (commit.events.length === 0 && commit.keys.length === 0) return true
    try {
      return await this.#write(commit)
    } catch (error) {
      this.#logger.error({ err: error }, 'a commit failed')
      return false
    }
  }

  /** One append's end; what it throws must not hold up the others. */
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
