/**
 * For room authors: `import { openRoom } from 'corridor/testing'`. The very room that a server runs, in memory, without
 * a socket, and with time in the test's hands.
 *
 *     const room = await openRoom(quiz, { questions: 3 })
 *     const ann = room.join({ name: 'ann' })
 *     await ann.send('answer', { text: '42' })
 *     const { data } = await ann.next('right')
 */
import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import { systemClock } from './clock.ts'
import { Deadlines } from './deadlines.ts'
import type { Definition, EventDefinition, Member, PastEvent, RawDefinition, RoomLogger, Schemas } from './define.ts'
import { kindOf } from './definition.ts'
import { InvalidError, RoomError } from './errors.ts'
import { LiveEventRoom } from './event-room.ts'
import { FanOut } from './fan-out.ts'
import type { RoomSettings } from './house.ts'
import { MemoryLog } from './log/memory.ts'
import { newTally } from './metrics.ts'
import type { Connection } from './peer.ts'
import { LiveRawRoom } from './raw-room.ts'
import type { LiveRoom } from './room.ts'
import { type HandClock, handClock } from './testing/hand-clock.ts'
import { TestWire } from './testing/test-wire.ts'

/** What a peer of an event room hears. */
export interface HeardEvent<D = unknown> {
  readonly type: string
  readonly data: D
  /** Its place in the log; published events only. */
  readonly seq?: number
  readonly time?: number
}

/** The answer to a message: `seq` where the handler published. */
export interface Ack {
  readonly kept: string
  readonly seq?: number
}

/** A peer under the test's control. */
export interface TestPeer<R extends Schemas = Schemas, S extends Schemas = Schemas> extends Member {
  /** Says an event. Resolves with the ack; rejects with the `RoomError` the room answered. */
  send<T extends keyof R & string>(type: T, data: z.input<R[T]>): Promise<Ack>
  /** Says a plain text, as a terminal client does. */
  say(text: string): void
  /** The next event, or the next of a type (others before it are passed over). Rejects after 1 s of real time. */
  next(): Promise<HeardEvent>
  next<T extends keyof S & string>(type: T): Promise<HeardEvent<z.output<S[T]>>>
  /** Goes as a lost connection does. */
  leave(): void
  /** Set when the room closed this peer. */
  readonly closed: { readonly code: number; readonly reason: string } | undefined
}

/** A peer of a raw room under the test's control. */
export interface RawTestPeer extends Member {
  send(data: string | Uint8Array): void
  next(): Promise<string | Uint8Array>
  leave(): void
  readonly closed: { readonly code: number; readonly reason: string } | undefined
}

/** A room under the test's control. */
export interface TestRoom<P> {
  join(as?: { name?: string; claims?: Record<string, unknown> }): P
  members(): Member[]
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
}

const SETTINGS: RoomSettings = {
  pattern: '/test',
  history: { keep: 10_000, maxAgeMs: 7 * 86_400_000, replay: 50, durable: false },
  rejoinWithinMs: 5000,
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
  { params = {}, path = '/test', history = {} }: TestSettings = {},
): Promise<TestRoom<never>> {
  const definition = given as Definition
  const clock = handClock()
  const errors: unknown[] = []
  const house = {
    clock,
    log: new MemoryLog(clock),
    fanOut: new FanOut(systemClock()),
    deadlines: new Deadlines(clock),
    tallyOf: newTally,
    logger: errorLogger(errors),
  }
  const mount = { ...SETTINGS, history: { ...SETTINGS.history, ...history } }
  const room = (kindOf(definition) === 'raw'
    ? new LiveRawRoom(house, path, params, mount)
    : new LiveEventRoom(house, path, params, mount, definition as EventDefinition)) as unknown as LiveRoom
  const parsed = definition.options ? definition.options.parse(options) : undefined
  await room.start(
    (room) => definition.open(room as never, parsed as never),
    () => {},
  )
  return testRoom(room, clock, errors) as TestRoom<never>
}

function testRoom(room: LiveRoom, clock: HandClock, errors: unknown[]): TestRoom<TestPeer | RawTestPeer> {
  return {
    join({ name = 'ann', claims } = {}) {
      const wire = new TestWire(errors)
      const peer = room.join({ id: randomUUID(), name, claims }, wire, undefined)
      wire.onClose = () => room.leave(peer)
      // By its own join handler.
      if (wire.closed) room.leave(peer)
      return room instanceof LiveEventRoom ? eventPeer(room, peer, wire) : rawPeer(room, peer, wire)
    },
    members: () => room.members(),
    history: async () => (room instanceof LiveEventRoom ? room.history() : []),
    advance: (ms) => clock.advance(ms),
    errors,
    close: () => room.close({ code: 1001, reason: 'the test is over' }),
  }
}

function rawPeer(room: LiveRoom, peer: Connection, wire: TestWire): RawTestPeer {
  return {
    id: peer.id,
    get name() {
      return peer.name
    },
    send: (data) => void room.receive(peer, data),
    next: () => wire.next('message', () => true),
    leave: () => room.leave(peer),
    get closed() {
      return wire.closed
    },
  }
}

function eventPeer(room: LiveRoom, peer: Connection, wire: TestWire): TestPeer {
  const { send: _, next: __, ...common } = rawPeer(room, peer, wire)
  const parsed = (payload: string | Uint8Array) => JSON.parse(String(payload))
  return {
    ...common,
    get name() {
      return peer.name
    },
    get closed() {
      return wire.closed
    },
    say: (text) => void room.receive(peer, text),
    async send(type, data) {
      const id = randomUUID()
      room.receive(peer, JSON.stringify({ type, data, id }))
      const answer = parsed(await wire.answer(`the answer to "${type}"`, (payload) => parsed(payload).id === id))
      if (answer.type !== 'error') return answer
      const { code, message, issues, details } = answer.data
      throw issues ? new InvalidError(code, message, issues) : new RoomError(code, message, details)
    },
    async next(type?: string) {
      const isWanted = (payload: string | Uint8Array) => {
        const event = parsed(payload)
        return !['welcome', 'ack', 'error'].includes(event.type) && (type === undefined || event.type === type)
      }
      return parsed(await wire.next(type ?? 'event', isWanted))
    },
  } as TestPeer
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
