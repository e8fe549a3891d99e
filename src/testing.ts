/**
 * For tests of room modules: `import { openRoom } from 'corridor/testing'`. It opens the same room as a server does, in
 * memory, without sockets, and with a clock that the test controls.
 *
 *     const room = await openRoom(quiz, { questions: 3 })
 *     const ann = room.join({ name: 'ann' })
 *     await ann.send('answer', { text: '42' })
 *     const { data } = await ann.next('right')
 */
import type { z } from 'zod'
import { isDefinition } from './config/definition-check.ts'
import type { Alarms, EventDefinition, PastEvent, Present, RawDefinition, Schemas, Storage } from './define.ts'
import { MemoryLog } from './log/memory.ts'
import { systemRandom } from './random.ts'
import type { RoomSettings } from './room/room-parts.ts'
import { handClock } from './testing/hand-clock.ts'
import { type As, TestHost } from './testing/test-host.ts'
import { eventPeer, rawPeer } from './testing/test-member.ts'
import type { Ack, RawTestPeer, TestPeer } from './testing/test-peer.ts'
import { bytes, duration } from './units.ts'

export type { Ack, HeardEvent, RawTestPeer, TestPeer } from './testing/test-peer.ts'

/** A room under test. `P`: the type of its peers; `St`: of what it stores. */
export interface TestRoom<P, St = Schemas> {
  /**
   * Joins a peer. `name`: its display name (default: the token's, else `ann`). `client`: its stable client id (default:
   * a new one); joining again with the same one is a reconnect of the same member. `claims`: those of a verified token;
   * the same `claims.sub` is the same person with any client.
   */
  join(as?: { name?: string; client?: string; claims?: Record<string, unknown> }): P
  /** The room's own storage. What the test changes is kept like a change by a handler. */
  readonly storage: Storage<St>
  /** The room's own alarms. `advance` moves the time to them. */
  readonly alarms: Alarms
  /** The members, one entry for each id, in the order they joined. */
  members(): Present[]
  /** Resolves with the newest 100 kept events, oldest first. Empty for a raw room. */
  history(): Promise<PastEvent[]>
  /**
   * Moves the clock forward by `ms` milliseconds: due timers and alarms fire in order, and async code runs after each.
   */
  advance(ms: number): Promise<void>
  /**
   * Ends the room as `kill -9` of its server would, and opens it again: what was kept comes back, everything else is
   * gone, and no handler is called for that. Its peers have lost their connection; they may `rejoin`. Rejects with the
   * error of `open`.
   */
  restart(): Promise<void>
  /** The errors that the room logged, for example those that handlers threw. */
  readonly errors: readonly unknown[]
  /** Closes the room: peers are closed with 1001, then the module's `close` is called. */
  close(): Promise<void>
}

/** An event room under test. */
export interface TestEventRoom<R extends Schemas = Schemas, S extends Schemas = Schemas, St = Schemas>
  extends TestRoom<TestPeer<R, S>, St> {
  /**
   * Says a message as who is no member, as a `POST` does. `id`: of the message, which needs a `client` or a
   * `claims.sub`. Resolves with the ack; rejects with the `RoomError` that the room answered.
   */
  post<T extends keyof R & string>(
    type: T,
    data: z.input<R[T]>,
    as?: { name?: string; client?: string; claims?: Record<string, unknown>; id?: string },
  ): Promise<Ack>
}

/** Settings of the room under test. */
export interface TestSettings {
  /** The parameters of the path: `room.params`. Default: none. */
  params?: Record<string, string>
  /** `room.path`. Default: `/test`. */
  path?: string
  /** `keep` (events, default 10000), `maxAgeMs` (ms, default 7 days), `replay` (events for a new peer, default 50). */
  history?: Partial<RoomSettings['history']>
  /**
   * What is stored before the room opens, by key: JSON, or bytes. It need not match the schemas of today, so a test sees
   * what they make of what an older version stored.
   */
  storage?: Record<string, unknown>
  /**
   * As in rooms.json: `storage` (default `"1MiB"`), `rate` and `abuse` (default: as good as none), `peers`, `waiting`,
   * `ids`.
   */
  limits?: {
    storage?: string | number
    rate?: { perSecond: number; burst: number }
    abuse?: number
    peers?: number
    waiting?: number
    ids?: number
  }
  /** How long a disconnected peer may take to rejoin: `"5s"` (default), or a number of ms. */
  rejoinWithin?: string | number
  /** How long `next` and `send` wait in real time before they reject: `"1s"` (default), or a number of ms. */
  patience?: string | number
}

const SETTINGS: Omit<RoomSettings, 'rejoinWithinMs'> = {
  pattern: '/test',
  history: { keep: 10_000, maxAgeMs: 7 * 86_400_000, replay: 50, durable: false },
  limits: {
    peers: 10_000,
    rate: { perSecond: 1e6, burst: 1e6 },
    abuse: 10,
    json: { depth: 100, members: 10_000 },
    waiting: 256,
    bufferedBytes: 64 * 1024 * 1024,
    storageBytes: 1024 * 1024,
    sendTimeoutMs: 30_000,
  },
}

/**
 * Opens a room of a module in memory. `options`: as in rooms.json; the module's schema parses them. Resolves with the
 * room when `open` has ended. Rejects with a `TypeError` if the definition has mistakes at which a server would not
 * start, with a zod error if the options are invalid, or with the error of `open`.
 */
export async function openRoom<O extends z.ZodType | undefined, St extends Schemas, D extends object>(
  definition: RawDefinition<O, St, D>,
  options?: O extends z.ZodType ? z.input<O> : undefined,
  settings?: TestSettings,
): Promise<TestRoom<RawTestPeer, St>>
export async function openRoom<
  O extends z.ZodType | undefined,
  R extends Schemas,
  S extends Schemas,
  St extends Schemas,
  D extends object,
>(
  definition: EventDefinition<O, R, S, St, D>,
  options?: O extends z.ZodType ? z.input<O> : undefined,
  settings?: TestSettings,
): Promise<TestEventRoom<R, S, St>>
export async function openRoom(given: unknown, options: unknown = {}, settings: TestSettings = {}): Promise<object> {
  const mistakes: string[] = []
  if (!isDefinition(given, mistakes)) throw new TypeError(mistakes.join('; '))
  const definition = given
  const { params = {}, path = '/test', storage, patience = '1s' } = settings
  const clock = handClock()
  const random = systemRandom()
  const host = new TestHost({
    plan: { ...settingsOf(settings), definition, options: definition.options?.parse(options) },
    path,
    params,
    clock,
    random,
    log: new MemoryLog(clock, random),
    patienceMs: duration.parse(patience),
  })
  if (storage) await host.store(storage)
  await host.open()
  const { errors } = host
  // The overloads give callers the kind of room and the types of its messages.
  const room: TestRoom<TestPeer | RawTestPeer> & Pick<TestEventRoom, 'post'> = {
    join(as: As = {}) {
      const member = host.join(as)
      return host.room.kind === 'event' ? eventPeer(member) : rawPeer(member)
    },
    post: (type, data, as) => host.post(type, data, as),
    get storage() {
      return host.room.storage
    },
    get alarms() {
      return host.room.alarms
    },
    members: () => host.room.members(),
    history: async () => (host.room.kind === 'event' ? host.room.history() : []),
    advance: (ms) => clock.advance(ms),
    restart: () => host.restart(),
    errors,
    close: () => host.room.close({ code: 1001, reason: 'the test is over' }),
  }
  return room
}

function settingsOf({ history, limits = {}, rejoinWithin = '5s' }: TestSettings): RoomSettings {
  const { storage = '1MiB', ids, ...counts } = limits
  return {
    ...SETTINGS,
    history: { ...SETTINGS.history, ids, ...history },
    limits: { ...SETTINGS.limits, ...counts, storageBytes: bytes.parse(storage) },
    rejoinWithinMs: duration.parse(rejoinWithin),
  }
}
