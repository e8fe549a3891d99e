/**
 * Relay: what one sends, all others get as it came, text or binary. The room does not look inside,
 * so two programs can speak whatever they like through it.
 * With `"options": { "echo": true }` the sender gets its own messages too.
 */
import { defineRoom } from 'corridor'
import { z } from 'zod'

export default defineRoom({
  summary: 'Passes on what one sends to all others.',
  options: z.object({ echo: z.boolean().default(false) }),

  open(room, { echo }) {
    return {
      message: (peer, data) => room.broadcast(data, { except: echo ? undefined : peer }),
    }
  },
})
