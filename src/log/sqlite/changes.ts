/**
 * What the entries of one commit change in their rooms, as one change a room: of many values of a key only the last is
 * written. `commits.ts` uses it.
 */
import type { Changes, Stored } from '../log.ts'
import type { RoomChanges } from './stored.ts'

export interface DraftChanges {
  readonly room: number
  readonly changes: Changes
}

export function merged(all: readonly DraftChanges[]): RoomChanges[] {
  const rooms = new Map<number, Merged>()
  for (const { room, changes } of all) {
    const { storage, alarms, redacted } = rooms.get(room) ?? newMerged()
    for (const [key, value] of changes.storage ?? []) storage.set(key, value)
    for (const [name, at] of changes.alarms ?? []) alarms.set(name, at)
    redacted.push(...(changes.redacted ?? []))
    rooms.set(room, { storage, alarms, redacted })
  }
  return [...rooms].map(([room, changes]) => ({ room, ...changes }))
}

interface Merged {
  readonly storage: Map<string, Stored | undefined>
  readonly alarms: Map<string, number | undefined>
  readonly redacted: number[]
}

function newMerged(): Merged {
  return { storage: new Map(), alarms: new Map(), redacted: [] }
}
