/** A room that takes half a second to decide who may come in. */
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
