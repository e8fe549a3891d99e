/**
 * Board: a drawing that everyone draws on. A board is 10,000 units wide and high; a stroke is a line through points. All
 * strokes are stored: newcomers and those who rejoin get them all, in `strokes`, and then each change. `undo` removes the
 * sender's newest stroke, `clear` removes all. A full board refuses strokes until it is cleared.
 */
import { bytes, defineRoom, type Peer, RoomError } from 'corridor'
import { z } from 'zod'

const unit = z.int().min(0).max(10_000)
const line = z.object({
  color: z.string().regex(/^#[0-9a-f]{6}$/, 'expected a color such as "#1e90ff"'),
  width: z.int().min(1).max(500),
  points: z
    .array(z.tuple([unit, unit]).readonly())
    .min(1)
    .max(500)
    .readonly(),
})
const drawn = line.extend({ by: z.string() })
const stroke = drawn.extend({ id: z.string() })
const sends = {
  strokes: z.object({ strokes: z.array(stroke) }),
  stroke,
  undone: z.object({ id: z.string() }),
  cleared: z.object({ by: z.string() }),
}

export default defineRoom({
  summary: { en: 'A drawing board for everyone in the room.', zh: '大家一起画的画板。' },
  options: z.object({
    strokes: z.int().min(1).max(10_000).default(2000).describe('How many strokes a board holds.'),
    size: bytes.prefault('512KiB').describe('How many bytes they take. Newcomers get them all at once.'),
  }),
  receives: { draw: line, undo: z.object({}).optional(), clear: z.object({}).optional() },
  sends,
  stores: { 'stroke/': drawn },

  open(room, options) {
    const { storage } = room
    const idOf = (key: string) => key.slice('stroke/'.length)
    const strokes = () => storage.entries('stroke/')
    let newest = Number(idOf(strokes().at(-1)?.[0] ?? 'stroke/0'))

    const greet = (peer: Peer<typeof sends>) => {
      peer.send('strokes', { strokes: strokes().map(([key, drawn]) => ({ id: idOf(key), ...drawn })) })
    }

    return {
      join: greet,
      rejoin: greet,
      receive: {
        draw(peer, line) {
          if (storage.size >= options.strokes || storage.bytes >= options.size) {
            throw new RoomError('board_full', 'the board is full: clear it, or undo strokes')
          }
          newest += 1
          // Keys are sorted as text.
          const id = String(newest).padStart(12, '0')
          const drawn = { ...line, by: peer.id }
          storage.set(`stroke/${id}`, drawn)
          room.broadcast('stroke', { id, ...drawn })
        },
        undo(peer) {
          const [key] = strokes().findLast(([, { by }]) => by === peer.id) ?? []
          if (!key) throw new RoomError('nothing_to_undo', 'none of the strokes is yours')
          storage.delete(key)
          room.broadcast('undone', { id: idOf(key) })
        },
        clear(peer) {
          storage.clear()
          room.broadcast('cleared', { by: peer.id })
        },
      },
    }
  },
})
