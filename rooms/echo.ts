/**
 * Echo: sends back what you send, text as text, binary as binary, to you alone.
 * The smallest room there is, and the first to try when you wonder whether a connection works.
 */
import { defineRoom } from 'corridor'

export default defineRoom({
  summary: 'Sends back what you send.',

  open() {
    return {
      message: (peer, data) => peer.send(data),
    }
  },
})
