/**
 * A server that kills itself, with the signal no process can catch, at a named point on the way of a message. The log is
 * wrapped from outside; the product has no code for it. `victim.ts` starts it as a separate process.
 *
 * `append`: handed to the log, not committed. `committing`: the thread of the database has it. `commit`: on disk, nobody
 * has heard of it. `deliver`: peers have heard it. `trim`: old events are being removed.
 */
import { pino } from 'pino'
import { systemClock } from '../../src/clock.ts'
import { loadConfig } from '../../src/config/config.ts'
import { readEnvironment } from '../../src/config/environment.ts'
import { type Entry, isEmpty, type Log, type RoomLog } from '../../src/log/log.ts'
import type { SqliteRoomLog } from '../../src/log/sqlite/room.ts'
import { SqliteLog } from '../../src/log/sqlite/sqlite.ts'
import { systemRandom } from '../../src/random.ts'
import { createServer } from '../../src/server.ts'
import { wrappedLog } from '../support/wrapped-log.ts'

const { POINT = '', AFTER = '1' } = process.env
let left = Number(AFTER)

/** Whether this passing of a point is the one to die at. */
function isLast(point: string): boolean {
  if (point !== POINT) return false
  left -= 1
  return left === 0
}

function die(): void {
  process.kill(process.pid, 'SIGKILL')
}

function doomed(log: Log): Log {
  return wrappedLog(log, {
    async open(path, retention) {
      return doomedRoom((await log.open(path, retention)) as SqliteRoomLog)
    },
  })
}

function doomedRoom(room: SqliteRoomLog): RoomLog {
  const trim = room.trim.bind(room)
  room.trim = () => {
    const trimmed = trim()
    // The thread of the database works on it meanwhile.
    if (isLast('trim')) setTimeout(die, Math.random() * 3)
    return trimmed
  }
  const append = room.append.bind(room)
  room.append = (entry) => {
    append(doomedEntry(entry))
    if (isEmpty(entry)) return
    if (isLast('append')) die()
    // The log hands its commit to its thread in the next turn.
    if (isLast('committing')) setImmediate(() => setImmediate(die))
  }
  return room
}

function doomedEntry(entry: Entry): Entry {
  const { drafts, keys, changes, size } = entry
  return {
    drafts,
    keys,
    changes,
    size,
    kept(frames) {
      if (frames.length > 0 && isLast('commit')) die()
      entry.kept(frames)
      // The bytes of the peers leave, and then the process dies.
      if (frames.length > 0 && isLast('deliver')) setTimeout(die, 30)
    },
    failed: (error) => entry.failed(error),
  }
}

const environment = readEnvironment()
const logger = pino({ level: environment.logLevel })
const clock = systemClock()
const log = doomed(await SqliteLog.open(environment.dataDir, clock, systemRandom(), logger))
const { url } = await createServer({ environment, config: await loadConfig(environment.rooms), logger, clock, log })
process.stdout.write(`Corridor is open at ${url}/\n`)
process.on('SIGTERM', die)
