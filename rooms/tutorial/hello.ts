/**
 * Hello: the first example of many Socket.IO tutorials. A new peer gets `news {hello: 'world'}`. Its `my other event` is
 * logged, with any data.
 */
import { defineRoom } from 'corridor'
import { z } from 'zod'

export default defineRoom({
  summary: 'Greets each new peer.',
  receives: { 'my other event': z.unknown() },
  sends: { news: z.object({ hello: z.string() }) },

  open(room) {
    return {
      join: (peer) => peer.send('news', { hello: 'world' }),
      receive: {
        'my other event'(peer, data) {
          const received = String(JSON.stringify(data)).slice(0, 200)
          room.log.info({ from: peer.name, received }, 'my other event')
        },
      },
    }
  },
})
