/**
 * Status: takes JSON `{"nickname","message","time"}` and says the same to all, with `"status":1`.
 * When one who has spoken leaves, those who stay get its last message again, with `"status":0`.
 * Anything else is passed over with a line in the log: one broken client disturbs nobody.
 */
import { defineRoom } from 'corridor'
import { z } from 'zod'

const speech = z.object({ nickname: z.string(), message: z.string(), time: z.union([z.string(), z.number()]) })

export default defineRoom({
  summary: 'A chat that tells who is still there.',

  open(room) {
    const last = new Map<string, object>()

    return {
      message(peer, data) {
        const said = parse(data)
        if (!isSpeech(said))
          return room.log.debug({ from: peer.id }, 'passed over: expected {"nickname", "message", "time"}')

        last.set(peer.id, said)
        room.broadcast(JSON.stringify({ ...said, status: 1 }))
      },
      leave(peer) {
        const said = last.get(peer.id)
        last.delete(peer.id)
        if (said) room.broadcast(JSON.stringify({ ...said, status: 0 }))
      },
    }
  },
})

/** Checked, and said again as it came: in its order, with whatever else a client puts in. */
function isSpeech(said: unknown): said is object {
  return speech.safeParse(said).success
}

function parse(data: string | Uint8Array): unknown {
  try {
    return typeof data === 'string' ? JSON.parse(data) : undefined
  } catch {
    return undefined
  }
}
