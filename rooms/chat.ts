/**
 * Chat: the main room. Receives `message {text}`, `rename {name}` and `typing {}`; a plain text frame is a message too.
 * Messages are published: stored, numbered and replayed. Everything else is broadcast to the members of the moment.
 * A new member gets `members`, the others get `enter`. If the room has more than `options.announce` members, joins and
 * leaves are not announced one by one: all get `members`, at most once a second.
 * A person is one member with one name, even with several connections, and after the room was moved or restarted: who
 * was there before does not enter again, and all get `members`.
 */
import { defineRoom, type Peer } from 'corridor'
import { z } from 'zod'

/** Names in a `members` event at most. */
const MAX_NAMES = 200
/** So long after the room was opened, those who were there before are expected back. */
const BACK_MS = 60_000

const text = z.string().max(4000).regex(/\S/, 'expected some text')
const name = z.string().trim().min(1).max(40)
const member = z.object({ id: z.string(), name: z.string() })

export default defineRoom({
  summary: 'Talk with everyone in the room.',
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
  /** Names that members have changed to, by id. */
  stores: { 'name/': name },
  text: (text) => ({ type: 'message', data: { text } }),

  open(room, { announce }) {
    /** Joins or leaves that no `members` event has reported yet. */
    let isStale = false
    const members = () => ({ count: room.size, names: room.members(MAX_NAMES).map((member) => member.name) })

    const rename = (peer: Peer, name: string) => {
      for (const each of room.peers(peer.id)) {
        each.name = name
        each.data.name = name
      }
      room.storage.set(`name/${peer.id}`, name)
      room.broadcast('rename', { id: peer.id, name })
    }

    /** Names of those whose leave was announced since; `undefined`: nobody is expected back any more. */
    let left: Set<string> | undefined = new Set()
    /** Nobody has heard that it was away. */
    const isBack = (peer: Peer) => peer.resumed && left?.has(peer.name) === false

    room.after(BACK_MS, () => {
      left = undefined
      for (const [key] of room.storage.entries('name/'))
        if (room.peers(key.slice('name/'.length)).length === 0) room.storage.delete(key)
    })

    room.every(1000, () => {
      if (!isStale) return
      isStale = false
      room.broadcast('members', members())
    })

    return {
      join(peer) {
        const other = room.peers(peer.id).find((each) => each !== peer)
        const name = other?.name ?? (peer.resumed ? room.storage.get(`name/${peer.id}`) : undefined)
        if (name !== undefined && name !== peer.name) {
          peer.name = name
          peer.send('rename', { id: peer.id, name })
        }
        peer.data.name = peer.name
        if (!other) {
          if (isBack(peer) || room.size > announce) isStale = true
          else room.broadcast('enter', { id: peer.id, name: peer.name }, { except: peer })
        }
        peer.send('members', members())
      },

      rejoin(peer) {
        // A new token may contain another name.
        if (peer.name !== peer.data.name) rename(peer, peer.name)
        // It missed joins and leaves.
        peer.send('members', members())
      },

      leave(peer) {
        if (room.peers(peer.id).length > 0) return
        room.storage.delete(`name/${peer.id}`)
        // Before this leave the room was still above the limit. A `members` gives everyone the whole list again.
        if (room.size + 1 > announce) isStale = true
        else {
          left?.add(peer.name)
          room.broadcast('leave', { id: peer.id, name: peer.name })
        }
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
