/**
 * Chat: the main room.
 *
 * Takes `message {text}`, `rename {name}` and `typing {}`; a plain text frame is a message too.
 * Messages are published: kept, numbered, replayed to who comes later. All else is told once, to whoever is here.
 * Who comes in gets `members`, itself among them; the others get `enter`. A room with more than `options.announce`
 * members is a crowd: coming and going is not announced but counted, in a `members` for all, at most once a second.
 * One person is one member with one name, however many connections it has.
 */
import { defineRoom, type Peer } from 'corridor'
import { z } from 'zod'

/** How many names a `members` event carries at most. */
const SHOWN = 200

const text = z.string().max(4000).regex(/\S/, 'expected some text')
const name = z.string().trim().min(1).max(40)
const member = z.object({ id: z.string(), name: z.string() })

export default defineRoom({
  summary: 'Talk with whoever is here.',
  options: z.object({ announce: z.int().nonnegative().default(200) }),
  receives: {
    message: z.object({ text }),
    rename: z.object({ name }),
    typing: z.object({}).optional(),
  },
  sends: {
    message: z.object({ from: member, text: z.string() }),
    enter: member,
    leave: member,
    rename: member,
    typing: member,
    members: z.object({ count: z.int(), names: z.array(z.string()) }),
  },
  text: (text) => ({ type: 'message', data: { text } }),

  open(room, { announce }) {
    let uncounted = false
    const members = () => ({ count: room.size, names: room.members(SHOWN).map((member) => member.name) })

    const rename = (peer: Peer, name: string) => {
      for (const each of room.peers(peer.id)) {
        each.name = name
        each.data.name = name
      }
      room.broadcast('rename', { id: peer.id, name })
    }

    room.every(1000, () => {
      if (!uncounted) return
      uncounted = false
      room.broadcast('members', members())
    })

    return {
      join(peer) {
        const other = room.peers(peer.id).find((each) => each !== peer)
        if (other && other.name !== peer.name) {
          peer.name = other.name
          peer.send('rename', { id: peer.id, name: peer.name })
        }
        peer.data.name = peer.name
        if (!other) {
          if (room.size > announce) uncounted = true
          else room.broadcast('enter', { id: peer.id, name: peer.name }, { except: peer })
        }
        peer.send('members', members())
      },

      rejoin(peer) {
        // A new token may have brought another name.
        if (peer.name !== peer.data.name) rename(peer, peer.name)
        // It missed who came and went.
        peer.send('members', members())
      },

      leave(peer) {
        if (room.peers(peer.id).length > 0) return
        // The last one to leave a crowd is still counted: that `members` gives everyone the whole list again.
        if (room.size + 1 > announce) uncounted = true
        else room.broadcast('leave', { id: peer.id, name: peer.name })
      },

      receive: {
        message: (peer, { text }) => room.publish('message', { from: { id: peer.id, name: peer.name }, text }),

        rename(peer, { name }) {
          if (name !== peer.name) rename(peer, name)
        },

        typing: (peer) => room.broadcast('typing', { id: peer.id, name: peer.name }, { except: peer }),
      },
    }
  },
})
