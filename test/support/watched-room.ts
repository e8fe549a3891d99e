/** An event room that notes what its author is called for. */
import { defineRoom, type Peer } from 'corridor'
import { z } from 'zod'

/** What the author was called for, in order. */
export function watched(join: (peer: Peer) => unknown = () => {}) {
  const calls: string[] = []
  const peers: Peer[] = []
  const gates = new Map<string, PromiseWithResolvers<void>>()
  const definition = defineRoom({
    receives: { say: z.string(), hold: z.string(), end: z.string(), endSelf: z.null() },
    sends: { said: z.string(), noted: z.string() },
    open: (room) => ({
      join(peer) {
        calls.push(`join ${peer.name} ${room.peers(peer.id).length}`)
        peers.push(peer as Peer)
        return join(peer as Peer)
      },
      drop: (peer) => void calls.push(`drop ${peer.name} ${peer.isHere}`),
      rejoin: (peer) => void calls.push(`rejoin ${peer.name} ${peer.isHere}`),
      leave: (peer) => void calls.push(`leave ${peer.name} ${room.peers(peer.id).length}`),
      receive: {
        say(peer, text) {
          calls.push(`say ${text}`)
          return room.publish('said', `${peer.name}: ${text}`)
        },
        hold(_, name) {
          calls.push(`hold ${name}`)
          const gate = Promise.withResolvers<void>()
          gates.set(name, gate)
          return gate.promise
        },
        end(_, name) {
          for (const peer of peers) if (peer.name === name) peer.close(4003, 'banned')
          calls.push(`ended ${name}`)
        },
        endSelf(peer) {
          peer.close(4003, 'banned')
          calls.push('ended itself')
          peer.send('noted', 'too late')
        },
      },
    }),
  })
  return { definition, calls, peers, release: (name: string) => gates.get(name)?.resolve() }
}
