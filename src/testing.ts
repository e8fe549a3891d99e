/**
 * For room authors: `import { openRoom } from 'corridor/testing'`. The very room that a server runs, in memory, without
 * a socket, and with time in the test's hands.
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
import { LiveRawRoom } from './room/raw-room.ts'
import type { RoomSettings } from './room/room-parts.ts'
import type { HostedRoom } from './room/rooms.ts'
import { newTally } from './tally.ts'
import { type HandClock, handClock } from './testing/hand-clock.ts'
import { eventPeer, rawPeer, TestMember } from './testing/test-member.ts'
import type { RawTestPeer, TestPeer } from './testing/test-peer.ts'
import { duration } from './units.ts'

export type { Ack, HeardEvent, RawTestPeer, TestPeer } from './testing/test-peer.ts'

/** A room under the test's control. */
export interface TestRoom<P> {
  /** `client`: the same one is the same member; `claims.sub`: the same person, whatever its client. */
  join(as?: { name?: string; client?: string; claims?: Record<string, unknown> }): P
  members(): Present[]
  history(): Promise<PastEvent[]>
  /** Lets `ms` pass: timers fire in their order, `room.now()` follows. Resolves when their handlers have ended. */
  advance(ms: number): Promise<void>
  /** What the room logged as an error: what handlers threw. */
  readonly errors: readonly unknown[]
  close(): Promise<void>
}

export interface TestSettings {
  params?: Record<string, string>
  path?: string
  history?: Partial<RoomSettings['history']>
  /** As in rooms.json: `"5s"`, or a number of ms. */
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

/** Opens a room of a module in memory. `options` are parsed by the module's own schema; throws what `open` throws. */
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
  return testRoom(room, { clock, random, errors }) as TestRoom<never>
}

interface TestParts {
  readonly clock: HandClock
  readonly random: Random
  readonly errors: unknown[]
}

function testRoom(room: HostedRoom, { clock, random, errors }: TestParts): TestRoom<TestPeer | RawTestPeer> {
  /** A client is the same person each time it comes. */
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
