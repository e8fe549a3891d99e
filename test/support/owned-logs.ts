/**
 * Logs of several nodes on one Redis, a model or a real one: each claims the rooms that it opens. Which node is dead for
 * which, the test says.
 */
import { onTestFinished } from 'vitest'
import { type Clock, systemClock } from '../../src/clock.ts'
import type { RoomLogger } from '../../src/define.ts'
import type { Retention } from '../../src/log/log.ts'
import { Claims } from '../../src/log/redis/claims.ts'
import type { Claim } from '../../src/log/redis/position.ts'
import { RedisLog } from '../../src/log/redis/redis.ts'
import type { RedisCalls } from '../../src/log/redis/redis-calls.ts'
import { OwnedLog } from '../../src/nodes/owned-log.ts'
import { Owners } from '../../src/nodes/owners.ts'
import type { Home } from '../../src/nodes/ownership.ts'
import { systemRandom } from '../../src/random.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { HeldCalls } from './held-calls.ts'
import { type KeptLog, keptLog } from './kept-log.ts'
import { MadeUpRoster } from './made-up-roster.ts'
import { ModelClient } from './redis-model/model-client.ts'
import { ModelHost } from './redis-model/model-host.ts'
import { RedisModel } from './redis-model/redis-model.ts'
import { CompiledScripts } from './redis-model/script.ts'

/** Of the nodes of a test, all of which know each other. */
const NAMES = ['a', 'b', 'c', 'd']

export const DURABLE: Retention = { keep: 1000, maxAgeMs: 1e12, durable: true }
export const PASSING: Retention = { ...DURABLE, durable: false }

const silent: RoomLogger = { debug() {}, info() {}, warn() {}, error() {} }

export interface OpenedRoom extends KeptLog {
  /** Why it was lost. */
  readonly lost: readonly string[]
}

export class OwningNode {
  readonly id: string
  readonly log: OwnedLog
  readonly claims: Claims
  readonly calls: RedisCalls
  readonly roster: MadeUpRoster
  readonly owners: Owners
  /** What other nodes say of every room. */
  told: Home | undefined
  readonly claimed: Claim[] = []
  /** Whether a room is in its memory. */
  readonly remembers: (path: string, number: number) => boolean

  constructor(id: string, log: RedisLog, calls: RedisCalls, clock: Clock) {
    this.id = id
    this.calls = calls
    this.claims = new Claims(calls, id)
    this.remembers = (path, number) => log.remembers(path, number)
    this.roster = new MadeUpRoster(id, NAMES)
    const { claims, roster } = this
    this.owners = new Owners({
      ...{ clock, claims, roster },
      claimOf: (path) => this.log.claimOf(path),
      toldHome: async () => this.told,
      verify: (path) => void this.log.verify(path),
    })
    this.log = new OwnedLog({
      ...{ log, claims, clock, roster, logger: silent },
      mayTake: this.owners.isGone,
      leaveNote: (owner, path) => roster.leaveNote(owner, path),
      claimed: (path, claim, former) => {
        this.claimed.push(claim)
        this.owners.claimed(path, claim, former)
      },
      refused: this.owners.refused,
      seen: this.owners.seen,
    })
  }

  /** For this node, that one is dead by its beats. */
  bury(id: string): void {
    this.roster.die(id)
  }

  async open(path = '/room', retention = DURABLE): Promise<OpenedRoom> {
    const lost: string[] = []
    const log = keptLog(await this.log.open(path, retention, (reason) => void lost.push(reason)))
    return Object.defineProperty(log, 'lost', { value: lost }) as OpenedRoom
  }
}

/** Nodes on a model of a Redis, which answers at once. */
export class ModelNodes {
  readonly clock: HandClock = handClock()
  readonly host: ModelHost
  /** What the logs know of the runs of Redis. */
  readonly runIds: string[]
  readonly client = () => new ModelClient(this.clock, this.host)

  /** `compiled`: shared by those of one suite. */
  constructor(compiled = new CompiledScripts()) {
    // Each call takes a Redis a microsecond at least.
    let micros = 0
    const now = () => {
      micros += 1
      return this.clock.now() + micros / 1000
    }
    this.host = new ModelHost(new RedisModel({ clock: { now }, compiled }))
    this.runIds = [this.host.model.runId]
  }

  /** `calls`: made of those that lead to the model. */
  async node(id: string, calls: RedisCalls = this.client()): Promise<OwningNode> {
    const health = {
      trouble: undefined,
      kept: 'fsync' as const,
      runIds: this.runIds,
      warnings: [],
      failure: '',
      wasReached: true,
    }
    const parts = { calls, health, clock: this.clock, random: systemRandom(), logger: silent }
    const node = new OwningNode(id, await RedisLog.open(parts), calls, this.clock)
    onTestFinished(() => node.log.close())
    return node
  }

  /** One whose calls a test holds. */
  async held(id: string): Promise<{ node: OwningNode; calls: HeldCalls }> {
    const calls = new HeldCalls(this.client())
    return { node: await this.node(id, calls), calls }
  }

  /** Redis is started again with what it had after so many writes. */
  async restart(position?: number): Promise<void> {
    this.host.restart(position)
    this.runIds.splice(0, 1, this.host.model.runId)
  }

  /** Time goes on until it is over. */
  async pass<T>(work: Promise<T>): Promise<T> {
    let isOver = false
    const done = work.finally(() => {
      isOver = true
    })
    for (let ms = 0; !isOver && ms < 60_000; ms += 100) await this.clock.advance(100)
    return done
  }

  /** The names of all keys. */
  keys(): string[] {
    return [...this.host.model.keys.keys()].filter((key) => key !== 'corridor:secret').sort()
  }
}

/** Nodes on a real Redis. */
export async function realNode(
  id: string,
  redis: { readonly connection: RedisCalls; log(): Promise<RedisLog> },
): Promise<OwningNode> {
  const node = new OwningNode(id, await redis.log(), redis.connection, systemClock())
  onTestFinished(() => node.log.close())
  return node
}
