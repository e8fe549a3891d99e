/** A room whose `admit` takes half a second. */
import { setTimeout as pause } from 'node:timers/promises'
import { defineRoom } from 'corridor'

export default defineRoom({
  receives: {},
  sends: {},
  admit: async () => {
    await pause(500)
  },
  open: () => ({}),
})
