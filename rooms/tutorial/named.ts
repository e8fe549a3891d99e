/**
 * Named: receives JSON `{"name","msg"}` and broadcasts `name:msg`. If a peer that has sent a message leaves, the others
 * get `name下线了!` ("name went offline!"). Any other message is ignored and logged.
 */
import { defineRoom } from 'corridor'
import { z } from 'zod'

const schema = z.object({ name: z.string(), msg: z.string() })

export default defineRoom({
  summary: 'A chat with the name in each message.',

  open(room) {
    return {
      message(peer, data) {
        const message = schema.safeParse(parse(data)).data
        if (!message) return room.log.debug({ from: peer.id }, 'ignored: expected {"name": "…", "msg": "…"}')

        peer.data.name = message.name
        room.broadcast(`${message.name}:${message.msg}`)
      },
      leave(peer) {
        if (peer.data.name !== undefined) room.broadcast(`${peer.data.name}下线了!`)
      },
    }
  },
})

function parse(data: string | Uint8Array): unknown {
  try {
    return typeof data === 'string' ? JSON.parse(data) : undefined
  } catch {
    return undefined
  }
}
