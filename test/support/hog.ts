/** A room that holds up the whole process for as many ms as it is told. */
import { defineRoom } from 'corridor'

export default defineRoom({
  open: () => ({
    message: (peer, data) => {
      const end = performance.now() + Number(data)
      while (performance.now() < end);
      peer.send('done')
    },
  }),
})
