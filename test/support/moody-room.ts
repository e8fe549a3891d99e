/**
 * A room in memory, without a server, whose log is as slow and as broken as a test says, on a clock that is turned by
 * hand; its handlers do all that handlers may.
 */
import { z } from 'zod'
import type { Clock } from '../../src/clock.ts'
import { defineRoom, type EventDefinition, RoomError } from '../../src/define.ts'
import { FlushQueue } from '../../src/delivery/flush-queue.ts'
import { type Entry, isEmpty, type Log, type Retention, type RoomLog } from '../../src/log/log.ts'
import { MemoryLog } from '../../src/log/memory.ts'
import { systemRandom } from '../../src/random.ts'
import { AlarmBook } from '../../src/room/alarm-book.ts'
import { Deadlines } from '../../src/room/deadlines.ts'
import { LiveEventRoom } from '../../src/room/event-room.ts'
import { noOtherRooms } from '../../src/room/room-message.ts'
import type { RoomParts, RoomSettings } from '../../src/room/room-parts.ts'
import { StorageBudget } from '../../src/room/storage-budget.ts'
import { newTally } from '../../src/tally.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { wrappedLog } from './wrapped-log.ts'

export const clientOf = (client: string) => ({ id: client, name: client, client })

/** What a call to the log shall do; `undefined`: it is done at once. `isEmpty`: it returns an empty page. */
export type Mood = (call: string) => { delayMs?: number; isBroken: boolean; isEmpty?: boolean } | undefined

/** What breaks keeps nothing. */
function moodyLog(clock: Clock, mood: Mood): Log {
  const inner = new MemoryLog(clock, systemRandom())
  const later = <T>(name: string, call: () => T): T | Promise<T> => {
    const { delayMs, isBroken, isEmpty } = mood(name) ?? {}
    if (delayMs === undefined) return call()
    const result = isBroken ? undefined : call()
    return new Promise((resolve, reject) => {
      clock.after(delayMs, () =>
        isBroken
          ? reject(new RoomError('unavailable', 'the disk is full'))
          : resolve(isEmpty ? ([] as T) : (result as T)),
      )
    })
  }
  return wrappedLog(inner, {
    async open(path: string, retention: Retention): Promise<RoomLog> {
      const log = await inner.open(path, retention)
      const queue: { entry: Entry; isDue: boolean; isBroken: boolean }[] = []
      const advance = () => {
        for (let [head] = queue; head?.isDue; [head] = queue) {
          const failed = head.isBroken ? queue.splice(0) : []
          for (const { entry } of failed) entry.failed(new RoomError('unavailable', 'the disk is full'))
          if (!head.isBroken) log.append(queue.shift()?.entry ?? head.entry)
        }
      }
      const append = (entry: Entry) => {
        const { delayMs, isBroken = false } = isEmpty(entry) ? {} : (mood('append') ?? {})
        if (isBroken && delayMs === undefined) return entry.failed(new RoomError('unavailable', 'too many ids'))
        const item = { entry, isDue: delayMs === undefined, isBroken }
        queue.push(item)
        if (delayMs === undefined) return advance()
        clock.after(delayMs, () => {
          item.isDue = true
          advance()
        })
      }
      return new Proxy(log, {
        get(_, name) {
          const own = Reflect.get(log, name)
          if (typeof own !== 'function') return own
          const call = own.bind(log)
          if (name === 'append') return append
          const isMoody = name === 'recall' || name === 'read'
          return isMoody ? (...args: unknown[]) => later(name, () => call(...args)) : call
        },
      })
    },
  })
}

const LIMITS: RoomSettings['limits'] = {
  peers: 100,
  rate: { perSecond: 1e6, burst: 1e6 },
  abuse: 10,
  json: { depth: 10, members: 100 },
  waiting: 10_000,
  bufferedBytes: 1e9,
  storageBytes: 1024 * 1024,
  sendTimeoutMs: 30_000,
}

export interface MoodyRoom {
  readonly room: LiveEventRoom
  readonly clock: HandClock
  /** What the room logged as an error. */
  readonly errors: unknown[]
}

/** `delayMs`: how long handlers take that take their time; `given`: another room than the one that does all. */
export async function openMoodyRoom(mood: Mood, delayMs = () => 0, given?: object): Promise<MoodyRoom> {
  const clock = handClock()
  const errors: unknown[] = []
  const quiet = { debug() {}, info() {}, warn() {}, error: (fields: unknown) => void errors.push(fields) }
  const parts = {
    clock,
    random: systemRandom(),
    log: moodyLog(clock, mood),
    flushQueue: new FlushQueue(clock),
    deadlines: new Deadlines(clock),
    alarmBook: new AlarmBook(),
    storageBudget: new StorageBudget(),
    sendToRoom: noOtherRooms,
    tallyOf: newTally,
    logger: { ...quiet, child: () => quiet },
  } as unknown as RoomParts
  const wait = () => new Promise<void>((resolve) => clock.after(delayMs(), resolve))
  const all = defineRoom({
    receives: { say: z.number(), note: z.number(), fail: z.number(), late: z.number(), slow: z.number() },
    sends: { said: z.number() },
    text: (text) => ({ type: 'say' as const, data: text.length }),
    open: (room) => ({
      receive: {
        say: (_, data) => room.publish('said', data),
        note() {},
        fail(_, data) {
          void room.publish('said', data)
          throw new Error('planned')
        },
        async late() {
          await wait()
          throw new RoomError('too_late', 'planned')
        },
        async slow(_, data) {
          await wait()
          await room.publish('said', data)
          await wait()
        },
      },
    }),
  })
  const definition = (given ?? all) as EventDefinition
  const history = { keep: 10_000, maxAgeMs: 1e9, replay: 0, durable: false }
  const settings = { pattern: '/room', history, rejoinWithinMs: 5000, limits: LIMITS }
  const room = new LiveEventRoom(parts, '/room', {}, settings, definition)
  await room.start(() => {})
  return { room, clock, errors }
}
