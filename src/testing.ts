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
import { isEventDefinition } from './config/definition-check.ts'
import type { Definition, EventDefinition, PastEvent, Present, RawDefinition, RoomLogger, Schemas } from './define.ts'
import { FlushQueue } from './delivery/flush-queue.ts'
import { scoped } from './gate/identity.ts'
import { MemoryLog } from './log/memory.ts'
import { type Random, systemRandom } from './random.ts'
import { Deadlines } from './room/deadlines.ts'
import { LiveEventRoom } from './room/event-room.ts'
import type { HostedRoom } from './room/hosted-room.ts'
import { LiveRawRoom } from './room/raw-room.ts'
import type { RoomSettings } from './room/room-parts.ts'
import { newTally } from './tally.ts'
import { type HandClock, handClock } from './testing/hand-clock.ts'
import { eventPeer, rawPeer, TestMember } from './testing/test-member.ts'
import type { RawTestPeer, TestPeer } from './testing/test-peer.ts'
import { duration } from './units.ts'

export type { Ack, HeardEvent, RawTestPeer, TestPeer } from './testing/test-peer.ts'

/** A room under test. `P`: the type of its peers. */
export interface TestRoom<P> {
  /**
   * Joins a peer. `name`: its display name (default: the token's, else `ann`). `client`: its stable client id (default:
   * a new one); joining again with the same one is a reconnect of the same member. `claims`: those of a verified token;
   * the same `claims.sub` is the same person with any client.
   */
  join(as?: { name?: string; client?: string; claims?: Record<string, unknown> }): P
  /** The members, one entry for each id, in the order they joined. */
  members(): Present[]
  /** Resolves with the newest 100 kept events, oldest first. Empty for a raw room. */
  history(): Promise<PastEvent[]>
  /** Moves the clock forward by `ms` milliseconds: due timers fire in order, and async code runs after each. */
  advance(ms: number): Promise<void>
  /** The errors that the room logged, for example those that handlers threw. */
  readonly errors: readonly unknown[]
  /** Closes the room: peers are closed with 1001, then the module's `close` is called. */
  close(): Promise<void>
}

/** Settings of the room under test. */
export interface TestSettings {
  /** The parameters of the path: `room.params`. Default: none. */
  params?: Record<string, string>
  /** `room.path`. Default: `/test`. */
  path?: string
  /** `keep` (events, default 10000), `maxAgeMs` (ms, default 7 days), `replay` (events for a new peer, default 50). */
  history?: Partial<RoomSettings['history']>
  /** How long a disconnected peer may take to rejoin: `"5s"` (default), or a number of ms. */
  rejoinWithin?: string | number
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
    sendTimeoutMs: 30_000,
  },
}

/**
 * Opens a room of a module in memory. `options`: as in rooms.json; the module's schema parses them. Resolves with the
 * room when `open` has ended. Rejects with a zod error if the options are invalid, or with the error of `open`.
 */
export async function openRoom<O extends z.ZodType | undefined>(
  definition: RawDefinition<O>,
  options?: O extends z.ZodType ? z.input<O> : undefined,
  settings?: TestSettings,
): Promise<TestRoom<RawTestPeer>>
export async function openRoom<O extends z.ZodType | undefined, R extends Schemas, S extends Schemas>(
  definition: EventDefinition<O, R, S>,
  options?: O extends z.ZodType ? z.input<O> : undefined,
  settings?: TestSettings,
): Promise<TestRoom<TestPeer<R, S>>>
export async function openRoom(
  given: unknown,
  options: unknown = {},
  { params = {}, path = '/test', history = {}, rejoinWithin = '5s' }: TestSettings = {},
): Promise<TestRoom<never>> {
  // The overloads accept definitions only.
  const definition = given as Definition
  const clock = handClock()
  const random = systemRandom()
  const errors: unknown[] = []
  const parts = {
    clock,
    random,
    log: new MemoryLog(clock, random),
    flushQueue: new FlushQueue(clock),
    deadlines: new Deadlines(clock),
    tallyOf: newTally,
    logger: errorLogger(errors),
  }
  const mount = {
    ...SETTINGS,
    history: { ...SETTINGS.history, ...history },
    rejoinWithinMs: duration.parse(rejoinWithin),
  }
  const parsed = definition.options ? definition.options.parse(options) : undefined
  const room = isEventDefinition(definition)
    ? new LiveEventRoom(parts, path, params, mount, definition, parsed)
    : new LiveRawRoom(parts, path, params, mount, definition, parsed)
  await room.start(() => {})
  // The overloads give callers the kind of room and the message types.
  return testRoom(room, { clock, random, errors }) as TestRoom<never>
}

interface TestParts {
  readonly clock: HandClock
  readonly random: Random
  readonly errors: unknown[]
}

function testRoom(room: HostedRoom, { clock, random, errors }: TestParts): TestRoom<TestPeer | RawTestPeer> {
  /** A client keeps its id when it joins again. */
  const ids = new Map<string, string>()
  const idOf = (client: string) => {
    const id = ids.get(client) ?? random.id()
    ids.set(client, id)
    return id
  }
  return {
    join({ name, claims, client = random.id() } = {}) {
      const sub = typeof claims?.sub === 'string' ? claims.sub : undefined
      const visitor = {
        id: sub ?? idOf(client),
        name: name ?? (typeof claims?.name === 'string' ? claims.name : 'ann'),
        client: scoped(client, sub),
        claims,
      }
      const member = new TestMember(room, visitor, random, errors)
      return room.kind === 'event' ? eventPeer(member) : rawPeer(member)
    },
    members: () => room.members(),
    history: async () => (room.kind === 'event' ? room.history() : []),
    advance: (ms) => clock.advance(ms),
    errors,
    close: () => room.close({ code: 1001, reason: 'the test is over' }),
  }
}

function errorLogger(errors: unknown[]): RoomLogger & { child(): RoomLogger } {
  const quiet = () => {}
  const logger = {
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: (fields: object | string) =>
      void errors.push(typeof fields === 'object' && 'err' in fields ? fields.err : fields),
  }
  return { ...logger, child: () => logger }
}
