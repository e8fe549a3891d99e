/**
 * A replica of a model: how far it has come. It follows at once, or lags until the test says otherwise. One that takes over
 * is another model, with what it had by then; the old master may go on beside it.
 */
import type { RedisModel } from './redis-model.ts'

export class Replica {
  readonly #master: RedisModel
  readonly #moved: () => void
  /** How many writes it has; `undefined`: all, at any time. */
  #position: number | undefined

  constructor(master: RedisModel, moved: () => void) {
    this.#master = master
    this.#moved = moved
  }

  get position(): number {
    return this.#position ?? this.#master.position
  }

  /** From now on it gets nothing. */
  lag(): void {
    this.#position = this.position
  }

  /** It gets all up to a position, and lags from there on; default: it follows at once again. */
  catchUp(position?: number): void {
    this.#position = position === undefined ? undefined : Math.max(position, this.position)
    this.#moved()
  }

  takeOver(name: string): RedisModel {
    return this.#master.fork(name, this.position)
  }
}
