/**
 * A server that kills itself, with the signal no process can catch, at a named point on the way of a message. The log is
 * wrapped from outside; the product has no code for it. `victim.ts` starts it as a separate process.
 *
 * `append`: handed to the log, not committed. `committing`: the thread of the database has it. `commit`: on disk, nobody
 * has heard of it. `deliver`: peers have heard it. `trim`: old events are being removed. `redact:commit` and the like: the
 * same of a step that does that (`doom.ts`). `sql:storage` and the like: in the transaction (`doomed-statements.ts`).
 * `commit:sent`, `commit:answered` and the like: a script of Redis, as soon as it was sent, or as soon as it was answered.
 * `FAULT`: a mistake that is planted (`faults.ts`); the point `between` is in its midst.
 */
import { pino } from 'pino'
import { systemClock } from '../../src/clock.ts'
import { loadConfig } from '../../src/config/config.ts'
import { readEnvironment } from '../../src/config/environment.ts'
import { type Entry, isEmpty, type Log, type RoomLog } from '../../src/log/log.ts'
import type { RedisCalls } from '../../src/log/redis/redis-calls.ts'
import { createServer } from '../../src/server.ts'
import { wrappedLog } from '../support/wrapped-log.ts'
import { die, isLast, isLastOf } from './doom.ts'
import { plantFault } from './money/faults.ts'
import { openLog } from './opened-log.ts'

function doomed(log: Log): Log {
  return wrappedLog(log, {
    async open(...given) {
      const room = (await log.open(...given)) as TrimmedLog
      return plantFault(doomedRoom(room))
    },
  })
}

/** Of a file, or of Redis. */
type TrimmedLog = RoomLog & { trim(): unknown }

function doomedRoom(room: TrimmedLog): RoomLog {
  const trim = room.trim.bind(room)
  room.trim = () => {
    const trimmed = trim()
    // The database works on it meanwhile.
    if (isLast('trim')) setTimeout(die, Math.random() * 3)
    return trimmed
  }
  const append = room.append.bind(room)
  room.append = (entry) => {
    append(doomedEntry(entry))
    if (isEmpty(entry)) return
    if (isLastOf(entry, 'append')) die()
    // The log hands its commit to its thread in the next turn.
    if (isLastOf(entry, 'committing')) setImmediate(() => setImmediate(die))
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
      if (frames.length > 0 && isLastOf(entry, 'commit')) die()
      entry.kept(frames)
      // The bytes of the peers leave, and then the process dies.
      if (frames.length > 0 && isLastOf(entry, 'deliver')) setTimeout(die, 30)
    },
    failed: (error) => entry.failed(error),
  }
}

/** Scripts that a server dies at: right after it was sent, or when it was answered and nobody has heard of it. */
function doomedCalls(calls: RedisCalls): RedisCalls {
  return wrappedLog(calls, {
    async run(script, ...given) {
      const answer = calls.run(script, ...given)
      if (isLast(`${script.name}:sent`)) setImmediate(() => setImmediate(die))
      await answer
      if (isLast(`${script.name}:answered`)) die()
      return answer
    },
  })
}

const environment = readEnvironment()
const logger = pino({ level: environment.logLevel })
const clock = systemClock()
const { dataDir: folder, redisUrl } = environment
const { log } = await openLog({ folder, redisUrl }, clock, logger, doomedCalls)
const config = await loadConfig(environment.rooms)
const { url } = await createServer({ environment, config, logger, clock, log: doomed(log) })
process.stdout.write(`Corridor is open at ${url}/\n`)
process.on('SIGTERM', die)
