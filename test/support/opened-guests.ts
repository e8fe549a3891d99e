/** The guests of one room that is open already, without a server around it. */
import type { Clock } from '../../src/clock.ts'
import type { Route } from '../../src/config/mount.ts'
import { Guests } from '../../src/nodes/owner/guests.ts'
import type { HostedRoom } from '../../src/room/hosted-room.ts'

export function openedGuests(clock: Clock, room: HostedRoom) {
  const errors: unknown[] = []
  const overs = new Set<() => void>()
  const verified: string[] = []
  const guests = new Guests({
    clock,
    logger: { error: (fields) => void errors.push(fields) },
    rooms: {
      at: () => undefined,
      reserve: () => ({ room, release() {} }),
      async hold(_, over) {
        overs.add(over)
        return { room, release: () => overs.delete(over) }
      },
    },
    ownership: { find: async () => ({ at: 'here' }) },
    termOf: () => 1,
    // The rooms above look at no route.
    routeOf: (path) => ({ path, params: {} }) as Route,
    verify: async (path) => void verified.push(path),
    brought() {},
  })
  return {
    guests,
    errors,
    verified,
    held: overs,
    /** The room has closed. */
    over() {
      for (const call of [...overs]) call()
    },
  }
}
