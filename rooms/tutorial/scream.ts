/**
 * Scream: sends your text back in capitals, with `!!!` behind it.
 * The example in the README of nodejs-websocket, where many wrote their first WebSocket server.
 */
import { defineRoom } from 'corridor'

export default defineRoom({
  summary: 'Screams back what you say.',

  open() {
    return {
      message(peer, data) {
        if (typeof data === 'string') peer.send(`${data.toUpperCase()}!!!`)
      },
    }
  },
})
