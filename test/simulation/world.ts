/**
 * A world: one Redis, some machines with a node each in its lives, some rooms and their clients, on one timeline from one
 * seed. `trouble.ts` makes what goes wrong in it, `simulation.ts` runs it and judges.
 */
import type { Script } from '../../src/log/redis/scripts/script.ts'
import { type Dice, seeded } from '../support/random.ts'
import type { Answer } from '../support/redis-model/answer.ts'
import type { CompiledScripts } from '../support/redis-model/script.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { SimClient } from './client.ts'
import { Machine } from './machine.ts'
import { SimNode } from './node.ts'
import { NodeClock } from './node-clock.ts'
import { Promises } from './promises.ts'
import { RawClient } from './raw-client.ts'
import { RAW_ROOMS } from './raw-stage.ts'
import { RedisLine } from './redis-line.ts'
import { RedisMachine } from './redis-machine.ts'
import { RoomLedger } from './room-ledger.ts'
import { SimNet } from './sim-net.ts'
import { type Mood, stage } from './stage.ts'
import { Takeovers } from './takeovers.ts'
import { Timeline } from './timeline.ts'
import { Wellness } from './wellness.ts'

const ROOMS = ['/r/tea', '/r/milk', '/r/rye']
const CLIENTS_EACH = 3
/** What makes clocks of nodes wrong. */
const JUMPS = 'clock jumps'
/** A node that was asked to end has ended by then, and what waited at edges has gone on. */
const MOVING_MS = 20_000

export interface WorldSetting {
  readonly compiled: CompiledScripts
  readonly machines: number
}

export class World {
  readonly timeline = new Timeline()
  readonly dice: Dice
  readonly redis: RedisMachine
  readonly net: SimNet
  readonly machines: readonly Machine[]
  readonly ledgers: readonly RoomLedger[]
  readonly clients: readonly SimClient[]
  readonly rawClients: readonly RawClient[]
  readonly promises: Promises
  readonly takeovers: Takeovers
  /** Where there are two masters, everybody may be dead for somebody. */
  readonly redisHealth: Wellness
  /** When a node was asked to end last. */
  endingMs = Number.NEGATIVE_INFINITY
  /** Broken promises, each once. */
  readonly broken: string[] = []
  /** What the servers logged as an error, by its text. */
  readonly logged = new Map<string, number>()
  readonly faults = new Map<string, number>()
  /** What goes wrong now. */
  kinds: readonly string[] = []
  /** Nothing goes wrong any more. */
  isQuiet = false
  #lives = 0
  #rawLives = 0

  constructor(seed: number, { compiled, machines }: WorldSetting) {
    this.dice = seeded(seed)
    const { timeline } = this
    this.redisHealth = new Wellness(timeline)
    const broken = (what: string) => this.breaks(what)
    const events = {
      losing: (path?: string) => this.#losing(path),
      parting: () => this.#parting(),
      wrote: () => this.look(),
      ran: (script: Script, answer: Answer | undefined) => {
        if (isRefused(answer)) this.breaks(`the script ${script.name} was refused, and has written: ${answer}`)
      },
    }
    this.redis = new RedisMachine(timeline, compiled, events, machines > 1 && this.dice.oneIn(3))
    this.net = new SimNet(timeline, this.#chance())
    this.promises = new Promises(this.#chance(), broken)
    this.machines = Array.from({ length: machines }, (_, at) => new Machine(`m${at}`, this.net.newPort(), timeline))
    this.takeovers = new Takeovers(this, broken)
    this.ledgers = ROOMS.map(
      (path) =>
        new RoomLedger(
          path,
          () => this.redis.model,
          broken,
          (...moved) => this.takeovers.moved(...moved),
        ),
    )
    for (const machine of this.machines) this.startNode(machine)
    this.clients = this.ledgers.flatMap((ledger, room) =>
      Array.from(
        { length: CLIENTS_EACH },
        (_, at) =>
          new SimClient({
            name: `c${room}${at}`,
            timeline,
            dice: this.#chance(),
            ledger,
            promises: this.promises,
            broken,
            nodes: () => this.nodes,
            mayExpire: () => !this.isQuiet && !this.kinds.includes(JUMPS) && !this.faults.has(JUMPS),
            isAboutToMove: () => timeline.nowMs - this.endingMs < MOVING_MS,
          }),
      ),
    )
    this.rawClients = this.#newRawClients()
  }

  #newRawClients(): RawClient[] {
    const parts = { timeline: this.timeline, nodes: () => this.nodes, broken: (what: string) => this.breaks(what) }
    return RAW_ROOMS.flatMap((room, at) =>
      ['w', 'x'].map((letter) => new RawClient({ ...parts, ...room, name: `${letter}${at}`, dice: this.#chance() })),
    )
  }

  /** Those that live. */
  get nodes(): SimNode[] {
    return this.machines.flatMap(({ node }) => node ?? [])
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

  /** Redis may have changed. */
  look(): void {
    for (const ledger of this.ledgers) {
      ledger.look()
      if (!ledger.hasChanged) continue
      ledger.changedMs = this.timeline.nowMs
      this.timeline.note(`${ledger}`)
    }
  }

  /** Begins a life on a machine. */
  startNode(machine: Machine): void {
    if (machine.node) return
    this.#lives += 1
    if (this.dice.oneIn(3)) machine.port = this.net.newPort()
    const clock = new NodeClock(this.timeline, `node${this.#lives}`)
    const line = new RedisLine(this.redis, clock, this.#chance())
    const failed = (fields: unknown, message = '') => this.#failed(fields, message)
    const random = seededRandom(this.dice.below(2 ** 31))
    const node: SimNode = new SimNode({
      clock,
      line,
      random,
      net: this.machines.length > 1 ? this.net : undefined,
      machine: machine.name,
      port: machine.port,
      definition: (lives) => stage(this.#mood(() => node, lives)),
      newLife: () => {
        this.#rawLives += 1
        return `life${this.#rawLives}`
      },
      failed,
      broken: (what) => this.breaks(what),
      lived: (what) => this.timeline.note(what),
    })
    machine.node = node
    clock.arrives(() => void node.start(), 'start')
  }

  crashNode(machine: Machine): void {
    const { node } = machine
    if (!node) return
    machine.node = undefined
    node.crash()
    this.net.died(machine.name)
    for (const client of this.clients) client.nodeGone(node)
    for (const client of this.rawClients) client.nodeGone(node.clock)
  }

  count(fault: string): void {
    this.timeline.note(`fault ${fault}`)
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1)
  }

  #losing(path?: string): void {
    for (const ledger of this.ledgers)
      if (path === undefined || path === ledger.path) this.lose(ledger, path !== undefined)
  }

  #parting(): () => void {
    const releases = this.ledgers.map((ledger) => {
      this.promises.checkAcked(ledger)
      return ledger.hold()
    })
    return () => {
      for (const release of releases) release()
    }
  }

  #failed(fields: unknown, message: string): void {
    const of = typeof fields === 'object' && fields !== null ? fields : {}
    const error = 'err' in of ? of.err : 'reason' in of ? of.reason : fields
    const text = `${message}: ${error instanceof Error ? error.message : JSON.stringify(error)}`
    this.logged.set(text, (this.logged.get(text) ?? 0) + 1)
  }

  /** A source of chance of its own, from the seed. */
  #chance(): Dice {
    return seeded(this.dice.below(2 ** 31))
  }

  #mood(node: () => SimNode, begins: Mood['begins']): Mood {
    const dice = this.#chance()
    const odds = { open: 8, close: 5, alarm: 6, join: 40 }
    return {
      hangs: (call) => (this.isQuiet || !dice.oneIn(odds[call]) ? 0 : dice.below(dice.oneIn(4) ? 12_000 : 300)),
      takes: (ms) => (this.isQuiet ? Math.min(ms, 50) : ms),
      throws: (call) => !this.isQuiet && dice.oneIn(odds[call]),
      early: (name) => this.breaks(`the alarm ${name} is called early`),
      begins,
      sent: (path, text, seq, isDuplicate) => {
        const ledger = this.ledgers.find((each) => each.path === path)
        if (ledger) this.promises.acked(ledger, { id: 'of a room', type: 'say', text }, seq, isDuplicate)
      },
      broadcasts: (path) => this.takeovers.broadcast(node(), path),
    }
  }
}

/** What these answer stands for nothing that was done. */
const REFUSALS: readonly unknown[] = ['at', 'run', 'dup', 'broken']

function isRefused(answer: Answer | undefined): boolean {
  return answer === undefined || (Array.isArray(answer) && REFUSALS.includes(answer[0]))
}
