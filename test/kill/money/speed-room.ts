/** A room whose costs are measured: a message with and without a change of the storage, full storage, many alarms. */
import { z } from 'zod'
import { defineRoom } from '../../../src/define.ts'

const VALUE = 'x'.repeat(1000)
/** With their keys just below 1 MiB. */
const VALUES = 1030

export default defineRoom({
  stores: { last: z.int(), rung: z.int().default(0), 'item/': z.string() },
  receives: {
    say: z.int(),
    put: z.int(),
    fill: z.int(),
    alarms: z.object({ at: z.int(), count: z.int() }),
    ask: z.int(),
  },
  sends: { said: z.int(), rung: z.object({ count: z.int(), bytes: z.int() }) },
  open: (room) => ({
    alarm: () => room.storage.set('rung', room.storage.get('rung') + 1),
    receive: {
      say: (_, n) => void room.publish('said', n),
      put(_, n) {
        room.storage.set('last', n)
        void room.publish('said', n)
      },
      fill() {
        for (let n = 0; n < VALUES; n += 1) room.storage.set(`item/${n}`, VALUE)
      },
      alarms(_, { at, count }) {
        for (let n = 0; n < count; n += 1) room.alarms.set(`alarm ${n}`, at)
      },
      ask: (peer) => peer.send('rung', { count: room.storage.get('rung'), bytes: room.storage.bytes }),
    },
  }),
})
