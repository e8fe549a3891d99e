/**
 * A world: one Redis, one node in its lives, some rooms and their clients, on one timeline from one seed. `trouble.ts` makes
 * what goes wrong in it, `simulation.ts` runs it and judges.
 */
import { type Dice, seeded } from '../support/random.ts'
import type { CompiledScripts } from '../support/redis-model/script.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { SimClient } from './client.ts'
import { SimNode } from './node.ts'
import { NodeClock } from './node-clock.ts'
import { Promises } from './promises.ts'
import { RedisLine } from './redis-line.ts'
import { RedisMachine } from './redis-machine.ts'
import { RoomLedger } from './room-ledger.ts'
import { type Mood, stage } from './stage.ts'
import { Timeline } from './timeline.ts'

const ROOMS = ['/r/tea', '/r/milk', '/r/rye']
const CLIENTS_EACH = 3

export class World {
  readonly timeline = new Timeline()
  readonly dice: Dice
  readonly redis: RedisMachine
  readonly ledgers: readonly RoomLedger[]
  readonly clients: readonly SimClient[]
  readonly promises: Promises
  /** Broken promises, each once. */
  readonly broken: string[] = []
  /** What the server logged as an error, by its text. */
  readonly logged = new Map<string, number>()
  readonly faults = new Map<string, number>()
  /** Nothing goes wrong any more. */
  isQuiet = false
  node: SimNode | undefined
  #lives = 0
  #position = -1

  constructor(seed: number, compiled: CompiledScripts) {
    this.dice = seeded(seed)
    this.redis = new RedisMachine(this.timeline, compiled)
    const broken = (what: string) => this.breaks(what)
    this.promises = new Promises(this.#chance(), broken)
    this.ledgers = ROOMS.map((path) => new RoomLedger(path, this.redis.model, broken))
    this.redis.onLoss = (path) => {
      for (const ledger of this.ledgers)
        if (path === undefined || path === ledger.path) this.lose(ledger, path !== undefined)
    }
    this.startNode()
    this.clients = this.ledgers.flatMap((ledger, room) =>
      Array.from(
        { length: CLIENTS_EACH },
        (_, at) =>
          new SimClient({
            name: `c${room}${at}`,
            timeline: this.timeline,
            dice: this.#chance(),
            ledger,
            promises: this.promises,
            broken,
            node: () => this.node,
          }),
      ),
    )
  }

  breaks(what: string): void {
    this.timeline.note(`BROKEN ${what}`)
    if (this.broken.length < 20) this.broken.push(`${Math.round(this.timeline.nowMs)} ms: ${what}`)
  }

  /** Something of a room is about to be lost: what was promised up to now is judged before. */
  lose(ledger: RoomLedger, isOne: boolean): void {
    this.promises.checkAcked(ledger)
    ledger.lose(isOne)
  }

  /** Called after each step. */
  look(): void {
    const { position } = this.redis.model
    if (position === this.#position) return
    this.#position = position
    for (const ledger of this.ledgers) {
      ledger.look()
      if (ledger.hasChanged) this.timeline.note(`${ledger}`)
    }
  }

  startNode(): void {
    this.#lives += 1
    const clock = new NodeClock(this.timeline, `node${this.#lives}`)
    const line = new RedisLine(this.redis, clock, this.#chance())
    const failed = (fields: unknown, message = '') => this.#failed(fields, message)
    const random = seededRandom(this.dice.below(2 ** 31))
    const node = new SimNode({ clock, line, random, definition: stage(this.#mood()), failed })
    this.node = node
    clock.arrives(() => void node.start(), 'start')
  }

  crashNode(): void {
    this.node?.crash()
    this.node = undefined
    for (const client of this.clients) client.nodeGone()
  }

  count(fault: string): void {
    this.timeline.note(`fault ${fault}`)
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1)
  }

  #failed(fields: unknown, message: string): void {
    const error = typeof fields === 'object' && fields !== null && 'err' in fields ? fields.err : fields
    const text = `${message}: ${error instanceof Error ? error.message : JSON.stringify(error)}`
    this.logged.set(text, (this.logged.get(text) ?? 0) + 1)
  }

  /** A source of chance of its own, from the seed. */
  #chance(): Dice {
    return seeded(this.dice.below(2 ** 31))
  }

  #mood(): Mood {
    const dice = this.#chance()
    const odds = { open: 8, close: 5, alarm: 6, join: 40 }
    return {
      hangs: (call) => (this.isQuiet || !dice.oneIn(odds[call]) ? 0 : dice.below(dice.oneIn(4) ? 12_000 : 300)),
      takes: (ms) => (this.isQuiet ? Math.min(ms, 50) : ms),
      throws: (call) => !this.isQuiet && dice.oneIn(odds[call]),
      early: (name) => this.breaks(`the alarm ${name} is called early`),
    }
  }
}
