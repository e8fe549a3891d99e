/**
 * Hello: the first example of every Socket.IO tutorial. Who joins gets `news {hello: 'world'}`;
 * what comes back as `my other event`, whatever it carries, is logged.
 */
import { defineRoom } from 'corridor'
import { z } from 'zod'

export default defineRoom({
  summary: 'Says hello to the world.',
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
