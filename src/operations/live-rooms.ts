/** How many members the open rooms have, by the line of `rooms.json`: for the lobby. With nodes it is the sum of all. */
import type { Rooms } from '../room/rooms.ts'
import type { Elsewhere, LiveLine, LiveRoom, LiveRooms } from './elsewhere.ts'

/** How many open rooms of a line are listed. */
const MAX_OPEN = 100

/** The open rooms here. */
export function liveRooms(rooms: Pick<Rooms, 'open'>): LiveRooms {
  const lines = new Map<string, LiveRoom[]>()
  for (const { mount, room } of rooms.open()) {
    const open = lines.get(mount.pattern) ?? []
    lines.set(mount.pattern, open)
    open.push({ path: room.path, members: room.size })
  }
  return Object.fromEntries([...lines].map(([pattern, open]) => [pattern, lineOf(sum(open), open)]))
}

/** The open rooms here and on other nodes. */
export async function liveEverywhere(rooms: Pick<Rooms, 'open'>, elsewhere?: Elsewhere): Promise<LiveRooms> {
  const here = liveRooms(rooms)
  if (!elsewhere) return here
  const lines: Record<string, LiveLine> = { ...here }
  for (const node of await elsewhere.live()) {
    for (const [pattern, { members, open }] of Object.entries(node)) {
      const known = lines[pattern] ?? { members: 0, open: [] }
      lines[pattern] = lineOf(known.members + members, [...known.open, ...open])
    }
  }
  return lines
}

function sum(open: readonly LiveRoom[]): number {
  return open.reduce((all, { members }) => all + members, 0)
}

function lineOf(members: number, open: readonly LiveRoom[]): LiveLine {
  return { members, open: open.toSorted((a, b) => b.members - a.members).slice(0, MAX_OPEN) }
}
