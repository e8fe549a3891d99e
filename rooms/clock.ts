/**
 * Clock: says `message from server at : <local time>` to everyone, every five seconds, asked or not.
 * `options.every` sets the pace, `options.label` the name it speaks under. What you send to it is only logged.
 */
import { defineRoom, duration } from 'corridor'
import { z } from 'zod'

const pace = duration.refine((ms) => ms >= 100 && ms <= 86_400_000, 'expected something from "100ms" to "1d"')

export default defineRoom({
  summary: 'Tells everyone the time.',
  options: z.object({
    every: pace.prefault('5s'),
    label: z.string().min(1).default('server'),
  }),

  open(room, { every, label }) {
    room.every(every, () => {
      room.broadcast(`message from ${label} at : ${new Date(room.now()).toLocaleString()}`)
    })

    return {
      message(peer, data) {
        const received = typeof data === 'string' ? data.slice(0, 200) : `${data.byteLength} bytes`
        room.log.info({ from: peer.name, received }, 'the clock was spoken to')
      },
    }
  },
})
