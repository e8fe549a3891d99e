/**
 * Relay: sends each message unchanged to everyone else, text or binary. The room does not read it, so programs can use any
 * protocol through it. With `"options": { "echo": true }` the sender gets its own messages too.
 */
import { defineRoom } from 'corridor'
import { z } from 'zod'

export default defineRoom({
  summary: 'Relays each message to everyone else.',
  options: z.object({ echo: z.boolean().default(false) }),

  open(room, { echo }) {
    return {
      message: (peer, data) => room.broadcast(data, { except: echo ? undefined : peer }),
    }
  },
})
