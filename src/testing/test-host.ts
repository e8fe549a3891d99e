/**
 * The room under test, over its lives: it opens on a log in memory, ends as with `kill -9`, and opens again with what
 * was kept. `testing.ts` makes one; members (`test-member.ts`) join the room of the moment.
 */
import type { RoomLogger } from '../define.ts'
import { FlushQueue } from '../delivery/flush-queue.ts'
import { RoomError } from '../errors.ts'
import { scoped } from '../gate/identity.ts'
import type { Log, Stored } from '../log/log.ts'
import type { Random } from '../random.ts'
import { AlarmBook } from '../room/alarm-book.ts'
import { Deadlines } from '../room/deadlines.ts'
import { buildRoom, type HostedRoom, type RoomPlan } from '../room/hosted-room.ts'
import { noOtherRooms } from '../room/room-message.ts'
import type { RoomParts } from '../room/room-parts.ts'
import type { Visitor } from '../room/session.ts'
import { StorageBudget } from '../room/storage-budget.ts'
import { newTally } from '../tally.ts'
import type { HandClock } from './hand-clock.ts'
import { TestMember } from './test-member.ts'
import type { Ack } from './test-peer.ts'

export interface TestHostParts {
  readonly path: string
  readonly params: Record<string, string>
  readonly plan: RoomPlan
  readonly clock: HandClock
  readonly random: Random
  readonly log: Log
  /** How long a test waits for a frame, in ms of real time. */
  readonly patienceMs: number
}

/** Who joins, or speaks. */
export interface As {
  name?: string
  client?: string
  claims?: Record<string, unknown>
}

export class TestHost {
  /** The errors that the room logged. */
  readonly errors: unknown[] = []
  readonly #parts: TestHostParts
  readonly #members = new Set<TestMember>()
  /** A client keeps its id when it joins again. */
  readonly #ids = new Map<string, string>()
  #room: HostedRoom | undefined

  constructor(parts: TestHostParts) {
    this.#parts = parts
  }

  get room(): HostedRoom {
    if (!this.#room) throw new Error('expected an open room: its last restart has failed')
    return this.#room
  }

  /** Keeps values in the storage before the room opens for the first time. */
  async store(values: Readonly<Record<string, unknown>>): Promise<void> {
    const storage = new Map(Object.entries(values).map(([key, value]) => [key, storedOf(key, value)]))
    const { log, path, plan } = this.#parts
    const roomLog = await log.open(path, plan.history)
    const failed = (error: RoomError) => this.errors.push(error)
    roomLog.append({ drafts: [], keys: [], changes: { storage }, size: 0, kept() {}, failed })
    await roomLog.close()
  }

  async open(): Promise<void> {
    const { plan, path, params } = this.#parts
    const room = buildRoom(this.#roomParts(), plan, path, params)
    await room.start(() => {})
    this.#room = room
  }

  join(as: As): TestMember {
    const { random, patienceMs } = this.#parts
    const member = new TestMember({
      room: () => this.room,
      visitor: this.#visitor(as),
      random,
      errors: this.errors,
      patienceMs,
    })
    this.#members.add(member)
    return member
  }

  /** Says something as who is no member. */
  async post(type: string, data: unknown, { id, ...as }: As & { id?: string } = {}): Promise<Ack> {
    const { room } = this
    if (room.kind === 'raw') throw new TypeError('room.post: expected an event room; raw rooms take no posts')
    // As over HTTP: of somebody new each time a retry could not be recognised.
    if (id !== undefined && as.client === undefined && typeof as.claims?.sub !== 'string')
      throw new RoomError('bad_message', 'expected "client" or "claims.sub" beside a message "id", got neither')
    const visitor = { ...this.#visitor(as), via: 'http' } as const
    const { seq, kept, isDuplicate } = await room.anonymousSender(visitor).post([{ type, data, id }])
    return { kept, ...(seq !== undefined && { seq }), ...(isDuplicate && { duplicate: true }) }
  }

  async restart(): Promise<void> {
    await this.#parts.clock.settled()
    await this.#room?.kill()
    this.#room = undefined
    for (const member of this.#members) member.serverGone()
    await this.open()
  }

  #visitor({ name, claims, client = this.#parts.random.id() }: As): Visitor {
    const sub = typeof claims?.sub === 'string' ? claims.sub : undefined
    const id = this.#ids.get(client) ?? this.#parts.random.id()
    this.#ids.set(client, id)
    return {
      id: sub ?? id,
      name: name ?? (typeof claims?.name === 'string' ? claims.name : 'ann'),
      client: scoped(client, sub),
      claims,
    }
  }

  /** Each life has its own: of the one before, nothing but the log is left. */
  #roomParts(): RoomParts {
    const { clock, random, log } = this.#parts
    return {
      clock,
      random,
      log,
      flushQueue: new FlushQueue(clock),
      deadlines: new Deadlines(clock),
      alarmBook: new AlarmBook({ recheckMs: Number.POSITIVE_INFINITY }),
      storageBudget: new StorageBudget(),
      sendToRoom: noOtherRooms,
      tallyOf: newTally,
      logger: errorLogger(this.errors),
    }
  }
}

function storedOf(key: string, value: unknown): Stored {
  const stored = value instanceof Uint8Array ? new Uint8Array(value) : JSON.stringify(value)
  if (stored === undefined) throw new TypeError(`storage.${key}: expected JSON or bytes to begin with`)
  return stored
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
