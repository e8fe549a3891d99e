/** A room for tests of the wires: `note` is published, `whisper` is sent to the others, `fail` fails, `slow` waits. */
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { defineRoom, RoomError } from '../../src/define.ts'

const text = z.object({ text: z.string() })

export default defineRoom({
  receives: {
    note: text,
    whisper: text,
    fail: z.object({ code: z.string() }),
    slow: text,
    leave: z.object({}).optional(),
  },
  sends: {
    noted: z.object({ text: z.string(), from: z.string() }),
    whispered: text,
    came: z.object({ name: z.string() }),
    left: z.object({ name: z.string() }),
  },
  open: (room) => ({
    join: (peer) => room.broadcast('came', { name: peer.name }, { except: peer }),
    leave: (peer) => room.broadcast('left', { name: peer.name }),
    receive: {
      note: (peer, { text }) => room.publish('noted', { text, from: peer.name }),
      whisper: (peer, { text }) => room.broadcast('whispered', { text }, { except: peer }),
      async slow(peer, { text }) {
        await wait(20)
        await room.publish('noted', { text, from: peer.name })
      },
      fail(_, { code }) {
        throw code === 'bug' ? new Error('a bug of the author') : new RoomError(code, `refused with ${code}`)
      },
      leave: (peer) => peer.close(3000, 'you said so'),
    },
  }),
})
