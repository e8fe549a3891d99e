/** The room that the benchmark measures: what one says is checked, kept and published to everyone. */
import { defineRoom } from 'corridor'
import { z } from 'zod'

const message = z.object({ text: z.string().max(4000).regex(/\S/, 'expected some text') })

export default defineRoom({
  summary: 'Everyone hears everyone.',
  receives: { message },
  sends: { message },

  open(room) {
    return {
      receive: {
        message: (_, { text }) => room.publish('message', { text }),
      },
    }
  },
})
