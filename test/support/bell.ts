/** A room whose alarms do what their name says, in the test kit. */
import { defineRoom, RoomError } from 'corridor'
import { openRoom } from 'corridor/testing'
import { expect } from 'vitest'
import { z } from 'zod'

/** When the clock of a test begins. */
export const START = Date.UTC(2026, 0, 1)

/** A room whose alarms do what their name says, and note it. */
function bell() {
  const rung: [name: string, late: number][] = []
  const gates: (() => void)[] = []
  const definition = defineRoom({
    stores: { rung: z.int().default(0) },
    receives: { set: z.object({ name: z.string(), in: z.number() }), throw: z.string() },
    sends: { rang: z.string() },
    open(room) {
      const set = (name: string, ms: number) => room.alarms.set(name, room.now() + ms)
      return {
        receive: {
          set: (_, { name, in: ms }) => set(name, ms),
          throw(_, name) {
            set(name, 0)
            throw new RoomError('no', 'not this one')
          },
        },
        alarm(name, at) {
          rung.push([name, room.now() - at])
          room.storage.set('rung', room.storage.get('rung') + 1)
          expect(room.alarms.get(name)).toBe(undefined)
          if (name.startsWith('publish')) void room.publish('rang', name)
          if (name.startsWith('again') && rung.length < 3) set(name, 1000)
          if (name.startsWith('anew')) set(name, 5000)
          if (name.startsWith('fail') || name === 'anew and fail') throw new Error(`planned: ${name}`)
          if (name.startsWith('wait')) return new Promise<void>((resolve) => gates.push(resolve))
          if (name.startsWith('late')) return Promise.resolve().then(() => Promise.reject(new Error('planned: late')))
        },
      }
    },
  })
  return { definition, rung, gates, names: () => rung.map(([name]) => name) }
}

export async function openBell() {
  const { definition, ...seen } = bell()
  const room = await openRoom(definition)
  const inMs = (name: string, ms: number) => room.alarms.set(name, START + ms)
  return { room, inMs, ...seen }
}
