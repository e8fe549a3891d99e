/** Nodes that know of each other by a model of Redis, each a process of its own on the test's clock. */
import type { RedisCalls } from '../../src/log/redis/redis-calls.ts'
import { Beats } from '../../src/nodes/beats.ts'
import type { RosterEvents } from '../../src/nodes/roster.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { Pausable } from '../support/pausable.ts'
import { SILENT } from '../support/places.ts'
import { ModelClient } from '../support/redis-model/model-client.ts'
import { ModelHost } from '../support/redis-model/model-host.ts'
import { RedisModel } from '../support/redis-model/redis-model.ts'
import { seededRandom } from '../support/seeded-random.ts'

export interface StagedNode {
  readonly id: string
  readonly beats: Beats
  readonly process: Pausable
  readonly client: ModelClient
  /** What it was told, with the ms since the stage began: `11000 died a`. */
  readonly told: string[]
  /** The fields of its warnings in the server's log. */
  readonly logged: { readonly kind?: string }[]
  /** What the server's log says of nodes that come and go: `another node is here 10.0.0.2:7000`. */
  readonly news: string[]
  /** What of it is of this kind. */
  of(kind: keyof RosterEvents): string[]
}

export interface BeatsStage {
  readonly clock: HandClock
  readonly host: ModelHost
  /** A node that has beaten for the first time. */
  node(said?: {
    configHash?: string
    modulesHash?: string
    version?: string
    protocol?: number
    /** ms: only after so long. */
    hears?: false | number
    address?: string
    /** How far its clock is ahead. */
    aheadMs?: number
    /** For how long its monotonic clock has stood still. */
    behindMs?: () => number
  }): Promise<StagedNode>
  /** Moves time on, after what happens now. */
  pass(ms: number): Promise<void>
}

export function beatsStage(): BeatsStage {
  const clock = handClock()
  const host = new ModelHost(new RedisModel({ clock }))
  let seed = 0
  return {
    clock,
    host,
    async node({
      configHash = 'one',
      modulesHash = 'one',
      version = '1.0.0',
      protocol = 1,
      hears = 0,
      address = undefined,
      aheadMs = 0,
      behindMs = () => 0,
    } = {}) {
      seed += 1
      const process = new Pausable({
        ...clock,
        now: () => clock.now() + aheadMs,
        monotonic: () => clock.monotonic() - behindMs(),
      })
      const client = new ModelClient(clock, host)
      const { subscribe, ...mute } = process.calls(client)
      const fromMs = clock.monotonic() + Number(hears)
      const hearing: NonNullable<RedisCalls['subscribe']> = (channels, heard) => {
        if (!subscribe) throw new Error('expected a model that is heard')
        return subscribe(channels, (...words) => clock.monotonic() >= fromMs && heard(...words))
      }
      const told: string[] = []
      const logged: StagedNode['logged'] = []
      const news: string[] = []
      const hear = (fields: object, text: string) => {
        if ('address' in fields) news.push(`${text} ${fields.address}`)
        else logged.push(fields)
      }
      const tell =
        (kind: string) =>
        (...words: readonly (string | number)[]) =>
          void told.push([clock.monotonic(), kind, ...words].join(' '))
      const beats = new Beats({
        calls: hears === false ? mute : { ...mute, subscribe: hearing },
        clock: process.clock,
        random: seededRandom(seed),
        logger: { ...SILENT, info: hear as never, warn: hear as never },
        ...{ protocol, configHash, modulesHash, version },
        events: {
          verify: tell('verify'),
          verifyAll: tell('verifyAll'),
          regained: async () => tell('regained')(),
          moved: tell('moved'),
          died: tell('died'),
          cutOff: tell('cutOff'),
          linkWanted: tell('linkWanted'),
        },
      })
      await beats.start(address ?? `10.0.0.${seed}:7000`)
      await clock.settled()
      const of = (kind: string) => told.filter((line) => line.split(' ')[1] === kind)
      return { id: beats.self, beats, process, client, told, logged, news, of }
    },
    async pass(ms) {
      await clock.settled()
      await clock.advance(ms)
    },
  }
}

/** Every other node tells this one how Redis is for it, as a link does. */
export function tellEachOther(nodes: readonly StagedNode[], clock: HandClock): () => void {
  return clock.every(1000, () => {
    for (const to of nodes) {
      const others = nodes.filter((from) => from !== to && !from.process.isPaused)
      for (const from of others) to.process.arrives(() => to.beats.heard(from.id, from.beats.redisAgeMs))
    }
  })
}
