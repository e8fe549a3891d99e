/**
 * Scream: sends each text back in capitals, followed by `!!!`. It is the example in the README of nodejs-websocket.
 */
import { defineRoom } from 'corridor'

export default defineRoom({
  summary: 'Sends your text back in capitals.',

  open() {
    return {
      message(peer, data) {
        if (typeof data === 'string') peer.send(`${data.toUpperCase()}!!!`)
      },
    }
  },
})
