/**
 * The raw rooms of a simulation: each tells who joins which life of it this is, and numbers what it passes on in it, so that
 * `raw-order.ts` sees a gap. One of them says that its peers stay when it moves, the other does not.
 */

import { type Mount, mountOf } from '../../src/config/mount.ts'
import { roomSchema } from '../../src/config/schema.ts'
import type { Definition, RawPeer } from '../../src/define.ts'
import { defineRoom } from '../../src/define.ts'

/** Where they are, and whether their peers stay. */
export const RAW_ROOMS = [
  { path: '/w/closes', moves: false },
  { path: '/w/moves', moves: true },
] as const

const LINE = { module: 'raw-stage', limits: { rate: { perSecond: 1000, burst: 1000 } }, idleAfter: '20s' }

/** `newLife`: names each life of a room. */
export function rawMounts(newLife: () => string): Mount[] {
  const settings = roomSchema.parse(LINE)
  return RAW_ROOMS.map(({ path, moves }) =>
    mountOf(path, settings, LINE, {
      file: '/raw-stage.ts',
      definition: rawStage(moves, newLife) as Definition,
      options: undefined,
      page: undefined,
    }),
  )
}

function rawStage(moves: boolean, newLife: () => string) {
  return defineRoom({
    moves,
    open(room) {
      const life = newLife()
      let count = 0
      const begin = (peer: RawPeer) => peer.send(`begin ${life} ${count}`)
      return {
        join: begin,
        rejoin: begin,
        message(_, data) {
          count += 1
          room.broadcast(`${life} ${count} ${data}`)
        },
      }
    },
  })
}
