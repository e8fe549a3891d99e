/**
 * A room whose storage counts what each speaker has said, in the step that publishes it: each event says its number, so
 * storage and log must agree. What is waved is heard and not kept.
 */
import { z } from 'zod'
import { defineRoom } from '../../../src/define.ts'

export default defineRoom({
  stores: { 'count/': z.int() },
  receives: { say: z.object({ text: z.string() }), wave: z.int() },
  sends: { said: z.object({ text: z.string(), count: z.int() }), waved: z.int() },
  open: (room) => ({
    receive: {
      say(_, { text }) {
        const key = `count/${text.split(':')[0]}` as const
        const count = (room.storage.get(key) ?? 0) + 1
        room.storage.set(key, count)
        void room.publish('said', { text, count }).catch(() => {})
      },
      wave: (_, number) => room.broadcast('waved', number),
    },
  }),
})
