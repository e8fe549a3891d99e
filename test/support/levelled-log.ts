/**
 * A log that keeps each entry as well as the data of its first event says (`"fsync"`), and tells so only within the
 * entry's `kept`: before and after, and for any other entry, it is `memory`.
 */
import type { Entry, Kept, Log, RoomLog } from '../../src/log/log.ts'
import { wrappedLog } from './wrapped-log.ts'

export function levelledLog(log: Log): Log {
  return wrappedLog(log, { open: async (...room) => levelled(await log.open(...room)) })
}

function levelled(roomLog: RoomLog): RoomLog {
  let level: Kept = 'memory'
  return wrappedLog(roomLog, {
    get kept() {
      return level
    },
    append(entry) {
      const { drafts, keys, changes, size } = entry
      const kept: Entry['kept'] = (frames) => {
        level = drafts[0] ? JSON.parse(drafts[0].data) : 'memory'
        entry.kept(frames)
        level = 'memory'
      }
      roomLog.append({ drafts, keys, changes, size, kept, failed: (error) => entry.failed(error) })
    },
  })
}
