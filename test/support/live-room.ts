/** What a room is built from, for tests that have a room without a server: its parts and its settings. */
import { FlushQueue } from '../../src/delivery/flush-queue.ts'
import { MemoryLog } from '../../src/log/memory.ts'
import { systemRandom } from '../../src/random.ts'
import { AlarmBook } from '../../src/room/alarm-book.ts'
import { Deadlines } from '../../src/room/deadlines.ts'
import { noOtherRooms } from '../../src/room/room-message.ts'
import type { RoomParts, RoomSettings } from '../../src/room/room-parts.ts'
import { StorageBudget } from '../../src/room/storage-budget.ts'
import { newTally } from '../../src/tally.ts'

/** Parts in memory on a clock. `errors`: the fields of each error that was logged. */
export function roomParts<C extends RoomParts['clock']>(clock: C) {
  const random = systemRandom()
  const errors: unknown[] = []
  const logger = { debug() {}, info() {}, warn() {}, error: (fields: unknown) => void errors.push(fields) }
  const parts: RoomParts = {
    clock,
    random,
    log: new MemoryLog(clock, random),
    flushQueue: new FlushQueue(clock),
    deadlines: new Deadlines(clock),
    alarmBook: new AlarmBook(),
    storageBudget: new StorageBudget(),
    sendToRoom: noOtherRooms,
    tallyOf: newTally,
    logger: { ...logger, child: () => logger },
  }
  return { clock, parts, errors }
}

type Change = Partial<Omit<RoomSettings, 'history' | 'limits'>> & {
  readonly history?: Partial<RoomSettings['history']>
  readonly limits?: Partial<RoomSettings['limits']>
}

/** Settings that differ from the plain ones. */
export function roomSettings({ history, limits, ...change }: Change = {}): RoomSettings {
  return {
    pattern: '/room',
    rejoinWithinMs: 5000,
    ...change,
    history: { keep: 1000, maxAgeMs: 3_600_000, replay: 0, durable: false, ...history },
    limits: {
      peers: 10_000,
      rate: { perSecond: 1, burst: 1 },
      abuse: 10,
      json: { depth: 100, members: 10_000 },
      waiting: 256,
      bufferedBytes: 64 * 1024 * 1024,
      storageBytes: 1024 * 1024,
      sendTimeoutMs: 30_000,
      ...limits,
    },
  }
}
