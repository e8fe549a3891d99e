/**
 * Clock: broadcasts `message from server at : <local time>` every five seconds. `options.every` sets the interval,
 * `options.label` replaces "server". Messages from peers are only logged.
 */
import { defineRoom, duration } from 'corridor'
import { z } from 'zod'

const interval = duration.refine((ms) => ms >= 100 && ms <= 86_400_000, 'expected a duration from "100ms" to "1d"')

export default defineRoom({
  summary: 'Broadcasts the time.',
  options: z.object({
    every: interval.prefault('5s'),
    label: z.string().min(1).default('server'),
  }),

  open(room, { every, label }) {
    room.every(every, () => {
      room.broadcast(`message from ${label} at : ${new Date(room.now()).toLocaleString()}`)
    })

    return {
      message(peer, data) {
        const received = typeof data === 'string' ? data.slice(0, 200) : `${data.byteLength} bytes`
        room.log.info({ from: peer.name, received }, 'the clock received a message')
      },
    }
  },
})
