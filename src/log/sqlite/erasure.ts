/**
 * Erases rooms of the SQLite log, and cleans its files of what was erased: an overwritten value may still be in the file
 * that SQLite writes ahead. `sqlite.ts` owns it.
 */
import type { Clock } from '../../clock.ts'
import type { RoomLogger } from '../../define.ts'
import type { Lives } from '../epoch.ts'
import { clearedEpochs } from '../lineage.ts'
import type { SqliteThread } from './thread.ts'

/** What is erased within this time is cleaned at once. */
const SCRUB_MS = 1000

export interface ErasureParts {
  readonly thread: SqliteThread
  readonly clock: Clock
  readonly lives: Lives
  readonly logger: Pick<RoomLogger, 'warn'>
  readonly newId: () => number
}

export class Erasure {
  readonly #parts: ErasureParts
  readonly #running = new Map<string, Promise<unknown>>()
  #cancel: (() => void) | undefined

  constructor(parts: ErasureParts) {
    this.#parts = parts
  }

  /** Resolves when the room is not being erased: only then may it be opened. */
  async over(path: string): Promise<void> {
    for (let running = this.#running.get(path); running; running = this.#running.get(path)) await running
  }

  /** Puts an empty room in the place of one, and removes that. It must not be open. Returns whether there was one. */
  erase(path: string): Promise<boolean> {
    return this.#inTurn(path, () => this.#erase(path))
  }

  /** Erases a room if nobody has used it for as long as its settings say. It must not be open. */
  forget(path: string): Promise<boolean> {
    return this.#inTurn(path, () => this.#erase(path, this.#parts.clock.now()))
  }

  /** One at a time for a path: two would give it to two rooms. */
  #inTurn(path: string, erase: () => Promise<boolean>): Promise<boolean> {
    const erased = (this.#running.get(path) ?? Promise.resolve()).then(erase)
    const settled = erased
      .catch(() => {})
      .then(() => {
        if (this.#running.get(path) === settled) this.#running.delete(path)
      })
    this.#running.set(path, settled)
    return erased
  }

  /** Removes what is left of a room that was erased, in steps, so that appends come in between. */
  async remove(room: number): Promise<void> {
    while (!(await this.#parts.thread.call('remove', room)));
  }

  /** Something was erased. */
  scrubSoon(): void {
    this.#cancel ??= this.#parts.clock.after(SCRUB_MS, () => void this.#scrub())
  }

  end(): void {
    this.#cancel?.()
  }

  async #erase(path: string, dueMs?: number): Promise<boolean> {
    const { thread, lives, newId } = this.#parts
    const room = await thread.call('find', path)
    // It may have been used since it was found to be due.
    if (!room || (dueMs !== undefined && (room.forgetAt ?? dueMs + 1) > dueMs)) return false
    await thread.call('replace', room.id, newId(), clearedEpochs(path, lives, room.epochs, room.seq + 1))
    await this.remove(room.id)
    await this.#scrub()
    return true
  }

  async #scrub(): Promise<void> {
    this.#cancel?.()
    this.#cancel = undefined
    const { thread, logger } = this.#parts
    await thread.call('scrub').catch((err) => logger.warn({ err }, 'what was erased could not be overwritten now'))
  }
}
