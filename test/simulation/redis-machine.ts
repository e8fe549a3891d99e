/**
 * The Redis of a simulation: the model on its machine, and what goes wrong with it. It counts what has cost data, for
 * `ledger.ts`: what was lost before may be missing, and nothing else.
 */
import type { Clock } from '../../src/clock.ts'
import type { Script } from '../../src/log/redis/scripts/script.ts'
import type { Dice } from '../support/random.ts'
import { ModelHost } from '../support/redis-model/model-host.ts'
import { RedisModel } from '../support/redis-model/redis-model.ts'
import type { CompiledScripts } from '../support/redis-model/script.ts'
import { START_MS, type Timeline } from './timeline.ts'

/** At most so many of the last writes are lost. */
const MOST_LOST = 400
/** Keys of a room by their letter whose loss a room notices: see `ledger.ts`. */
const LETTERS = ['m', 'e', 's', 'a', 'q', 'l']

export class RedisMachine {
  readonly network: Clock
  readonly host: ModelHost
  readonly model: RedisModel
  readonly lines = new Set<{ died(): void; cut(): void }>()
  /** The most that a call takes more than usual, ms. */
  slowness = 0
  /** What becomes of a script that is sent: a planted mistake. */
  altered: (script: Script) => Script = (script) => script
  /** Nobody reaches it. */
  isCutOff = false
  /** Called before something of all rooms, or of one, is lost. */
  onLoss: (path?: string) => void = () => {}
  #isFrozen = false
  /** No earlier state can be had than that of the last loss. */
  #floor = 0

  constructor(timeline: Timeline, compiled: CompiledScripts) {
    this.network = {
      now: () => Math.floor(START_MS + timeline.nowMs),
      monotonic: () => timeline.nowMs,
      after: (ms, fn) => timeline.after(ms, 'network', fn),
      every: () => {
        throw new Error('expected the network to have no periodic timers')
      },
      soon: (fn) => void timeline.after(0, 'network', fn),
    }
    this.model = new RedisModel({ clock: this.network, compiled, history: 1000 })
    this.host = new ModelHost(this.model)
  }

  get answers(): boolean {
    return this.host.isUp && !this.#isFrozen
  }

  freeze(): void {
    this.#isFrozen = true
    this.host.freeze()
  }

  thaw(): void {
    this.#isFrozen = false
    if (this.host.isUp) this.host.thaw()
  }

  kill(): void {
    this.#isFrozen = false
    this.host.kill()
    for (const line of this.lines) line.died()
  }

  /** Starts again; `loses`: without some of the last writes. */
  start(dice: Dice, loses: boolean): void {
    const { model } = this
    const most = Math.min(MOST_LOST, model.position - this.#floor)
    const lost = loses && most > 0 ? 1 + dice.below(dice.oneIn(2) ? Math.min(10, most) : most) : 0
    if (lost > 0) this.onLoss()
    this.host.start(model.position - lost)
    if (lost > 0) this.#floor = model.position
  }

  /** `FLUSHALL`. */
  empty(): void {
    this.onLoss()
    this.model.lose()
  }

  /** One key of a room is evicted. */
  evict(bucket: string, path: string, dice: Dice): string {
    const key = `${bucket}${dice.pick(LETTERS)}${path}`
    if (!this.model.keys.value(key)) return `${key} is not there`
    this.onLoss(path)
    this.model.lose(key)
    return key
  }

  /** All is well from now on, but for a clock that has jumped. */
  heal(dice: Dice): void {
    const { faults } = this.model
    faults.isFull = faults.isReplica = faults.isLoading = faults.isBusy = false
    this.slowness = 0
    this.isCutOff = false
    if (!this.host.isUp) this.start(dice, false)
    this.thaw()
  }
}
