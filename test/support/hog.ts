/** A room that holds up the whole process for the number of ms it is sent. */
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
