/**
 * Cursors: everyone sees where the others point. Nothing is kept: a position is broadcast, and a newcomer gets those of
 * the moment. A client sends `move` when its pointer has moved, at most some 20 times a second, and once more when it
 * rests. A move over the room's rate is answered with an error and not sent on.
 */
import { defineRoom, type Peer, RoomError } from 'corridor'
import { z } from 'zod'

/** Positions in a `cursors` event at most. */
const MAX_CURSORS = 200

/** Shares of the width and the height. */
const place = z.object({ x: z.number().min(0).max(1), y: z.number().min(0).max(1) })
const cursor = place.extend({ id: z.string(), name: z.string() })
const sends = { cursors: z.object({ cursors: z.array(cursor) }), moved: cursor, gone: z.object({ id: z.string() }) }
const data = () => ({ place: undefined as z.output<typeof place> | undefined })

export default defineRoom({
  summary: { en: 'Shows where everyone points.', zh: '看到每个人的光标在哪里。' },
  receives: { move: place },
  sends,
  data,

  open(room) {
    const greet = (peer: Peer<typeof sends, ReturnType<typeof data>>) => {
      const cursors = room
        .peers()
        .flatMap(({ connection: id, name, data }) => (data.place ? [{ id, name, ...data.place }] : []))
      peer.send('cursors', { cursors: cursors.slice(0, MAX_CURSORS) })
    }
    return {
      join: greet,
      rejoin: greet,
      leave: (peer) => room.broadcast('gone', { id: peer.connection }),
      receive: {
        move(peer, place) {
          if (!peer.isMember) throw new RoomError('forbidden', 'join the room to point')
          peer.data.place = place
          room.broadcast('moved', { id: peer.connection, name: peer.name, ...place }, { except: peer })
        },
      },
    }
  },
})
