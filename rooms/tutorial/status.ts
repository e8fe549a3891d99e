/**
 * Status: receives JSON `{"nickname","message","time"}` and broadcasts the same with `"status":1`. If a peer that has sent
 * a message leaves, the others get its last message again with `"status":0`. Any other message is ignored and logged.
 */
import { defineRoom } from 'corridor'
import { z } from 'zod'

const schema = z.object({ nickname: z.string(), message: z.string(), time: z.union([z.string(), z.number()]) })

export default defineRoom({
  summary: 'A chat that shows who is online.',

  open(room) {
    const last = new Map<string, object>()

    return {
      message(peer, data) {
        const message = parse(data)
        if (!isMessage(message))
          return room.log.debug({ from: peer.id }, 'ignored: expected {"nickname", "message", "time"}')

        last.set(peer.id, message)
        room.broadcast(JSON.stringify({ ...message, status: 1 }))
      },
      leave(peer) {
        const message = last.get(peer.id)
        last.delete(peer.id)
        if (message) room.broadcast(JSON.stringify({ ...message, status: 0 }))
      },
    }
  },
})

/** Checks only: the message is sent on unchanged, with its order of keys and any further ones. */
function isMessage(value: unknown): value is object {
  return schema.safeParse(value).success
}

function parse(data: string | Uint8Array): unknown {
  try {
    return typeof data === 'string' ? JSON.parse(data) : undefined
  } catch {
    return undefined
  }
}
