/**
 * Named: takes JSON `{"name","msg"}` and says `name:msg` to all.
 * When one who has spoken leaves, those who stay read `name下线了!` ("name went offline!").
 * Anything else is passed over with a line in the log: one broken client disturbs nobody.
 */
import { defineRoom } from 'corridor'
import { z } from 'zod'

const speech = z.object({ name: z.string(), msg: z.string() })

export default defineRoom({
  summary: 'A chat where each message brings its name.',

  open(room) {
    return {
      message(peer, data) {
        const said = speech.safeParse(parse(data)).data
        if (!said) return room.log.debug({ from: peer.id }, 'passed over: expected {"name": "…", "msg": "…"}')

        peer.data.name = said.name
        room.broadcast(`${said.name}:${said.msg}`)
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
