/**
 * The Redis of a simulation: the model on its machine, with a replica that may take its place, and what goes wrong with
 * them. It says before data is lost, for `room-ledger.ts`: what was lost before may be missing, and nothing else.
 */
import type { Clock } from '../../src/clock.ts'
import type { Reply } from '../../src/log/redis/redis-calls.ts'
import type { Script } from '../../src/log/redis/scripts/script.ts'
import type { Dice } from '../support/random.ts'
import type { Answer } from '../support/redis-model/answer.ts'
import { ModelHost } from '../support/redis-model/model-host.ts'
import { RedisModel } from '../support/redis-model/redis-model.ts'
import type { Replica } from '../support/redis-model/replica.ts'
import type { CompiledScripts } from '../support/redis-model/script.ts'
import { START_MS, type Timeline } from './timeline.ts'

/** At most so many of the last writes are lost. */
const MOST_LOST = 400
/** Keys of a room by their letter whose loss a room notices: see `room-ledger.ts`. */
const LETTERS = ['m', 'e', 's', 'a', 'q', 'l']

/** A node's connection to it. */
export interface MachineLine {
  died(): void
  cut(): void
  moveTo(host: ModelHost): void
  readonly host: ModelHost
}

export interface MachineEvents {
  /** Something of all rooms, or of one, is about to be lost. */
  losing(path?: string): void
  /** Two take writes from now on; what is returned is called when one of them is gone, with all that it had. */
  parting(): () => void
  /** The one that counts has written, or is another. */
  wrote(): void
  /** A script that has written answered this; `undefined`: it failed. */
  ran(script: Script, answer: Answer | undefined): void
}

export class RedisMachine {
  readonly network: Clock
  host: ModelHost
  readonly lines = new Set<MachineLine>()
  readonly hasReplica: boolean
  /** The most that a call takes more than usual, ms. */
  slowness = 0
  /** What becomes of a script that is sent: a planted mistake. */
  altered: (script: Script) => Script = (script) => script
  /** What a node takes for the answer, without waiting for it: a planted mistake. */
  forged: (script: Script) => Reply | undefined = () => undefined
  readonly #events: MachineEvents
  readonly #frozen = new Set<ModelHost>()
  /** No earlier state can be had than that of the last loss. */
  #floor = 0
  #replica: Replica | undefined
  #failovers = 0
  /** Ends the time of two masters. */
  #rejoin: (() => void) | undefined

  constructor(timeline: Timeline, compiled: CompiledScripts, events: MachineEvents, hasReplica: boolean) {
    this.#events = events
    this.hasReplica = hasReplica
    this.network = {
      now: () => Math.floor(START_MS + timeline.nowMs),
      monotonic: () => timeline.nowMs,
      after: (ms, fn) => timeline.after(ms, 'network', fn),
      every: () => {
        throw new Error('expected the network to have no periodic timers')
      },
      soon: (fn) => void timeline.after(0, 'network', fn),
    }
    const wrote = (model: RedisModel) => {
      if (model === this.model) events.wrote()
    }
    this.host = new ModelHost(new RedisModel({ clock: this.network, compiled, history: 1000, wrote }))
    this.#follow()
  }

  /** A script that has written answered this; `undefined`: it failed. */
  ran(script: Script, answer: Answer | undefined): void {
    this.#events.ran(script, answer)
  }

  /** The one that counts. */
  get model(): RedisModel {
    return this.host.model
  }

  answers(host: ModelHost): boolean {
    return host.isUp && !this.#frozen.has(host)
  }

  freeze(): void {
    this.#frozen.add(this.host)
    this.host.freeze()
  }

  thaw(): void {
    this.#frozen.delete(this.host)
    if (this.host.isUp) this.host.thaw()
  }

  kill(): void {
    this.#kill(this.host)
  }

  /** Starts again; `loses`: without some of the last writes. */
  start(dice: Dice, loses: boolean): void {
    const { model } = this
    const most = Math.min(MOST_LOST, model.position - this.#floor)
    const lost = loses && most > 0 ? 1 + dice.below(dice.oneIn(2) ? Math.min(10, most) : most) : 0
    if (lost > 0) this.#events.losing()
    this.host.start(model.position - lost)
    if (lost > 0) this.#floor = model.position
    this.#replica?.catchUp()
    this.#events.wrote()
  }

  /** From now on the replica gets nothing, or all again. */
  lag(isLagging: boolean): void {
    if (isLagging) this.#replica?.lag()
    else this.#replica?.catchUp()
  }

  /** The replica takes over, with what it has. `isTwo`: the old master goes on for the nodes that stay with it. */
  failOver(dice: Dice, isTwo: boolean): void {
    const { host: old, model, lines } = this
    const replica = this.#replica
    if (!replica || this.#rejoin) return
    const earliest = Math.max(this.#floor, model.position - MOST_LOST)
    if (replica.position < earliest) replica.catchUp(earliest)
    const stay = isTwo && old.isUp ? [...lines].filter(() => dice.oneIn(2)) : []
    const rejoined = stay.length > 0 ? this.#events.parting() : undefined
    if (replica.position < model.position) this.#events.losing()
    this.#failovers += 1
    this.host = new ModelHost(replica.takeOver(`redis${this.#failovers}`))
    this.#floor = this.model.position
    this.#follow()
    this.#events.wrote()
    for (const line of lines) if (!stay.includes(line)) line.moveTo(this.host)
    if (!rejoined) {
      this.#kill(old)
      return
    }
    this.#rejoin = () => {
      this.#rejoin = undefined
      this.#kill(old)
      for (const line of lines) if (line.host === old) line.moveTo(this.host)
      rejoined()
    }
  }

  /** The old master of `failOver` is gone. */
  rejoin(): void {
    this.#rejoin?.()
  }

  /** `FLUSHALL`. */
  empty(): void {
    this.#events.losing()
    this.model.lose()
  }

  /** One key of a room is evicted. */
  evict(bucket: string, path: string, dice: Dice): string {
    const key = `${bucket}${dice.pick(LETTERS)}${path}`
    if (!this.model.keys.value(key)) return `${key} is not there`
    this.#events.losing(path)
    this.model.lose(key)
    return key
  }

  /** All is well from now on, but for a clock that has jumped. */
  heal(dice: Dice): void {
    this.rejoin()
    const { faults } = this.model
    faults.isFull = faults.isReplica = faults.isLoading = faults.isBusy = false
    this.slowness = 0
    if (!this.host.isUp) this.start(dice, false)
    this.lag(false)
    this.thaw()
  }

  #kill(host: ModelHost): void {
    this.#frozen.delete(host)
    host.kill()
    for (const line of this.lines) if (line.host === host) line.died()
  }

  #follow(): void {
    if (this.hasReplica) this.#replica = this.model.replicas.add()
  }
}
