/** An edge between two owners that say what the test says. The room is at the first, until it is moved. */
import { handClock } from '../../src/testing/hand-clock.ts'
import { coupledEdge, madeUpMount } from './coupled-edge.ts'
import { HearingPeer } from './edge-cluster.ts'
import { ScriptedOwner } from './scripted-owner.ts'

export function scriptedEdge(definition: object = { sends: {} }, line: object = {}) {
  const clock = handClock()
  const edge = coupledEdge(clock, madeUpMount(definition, line))
  const one = new ScriptedOwner('1'.repeat(32))
  const two = new ScriptedOwner('2'.repeat(32))
  edge.owners.set('one', one.accept)
  edge.owners.set('two', two.accept)
  edge.move({ at: 'there', node: 'one', term: 1 })
  return {
    ...{ clock, edge, one, two },
    async join(name: string, at?: string, visitor: object = {}): Promise<HearingPeer> {
      const room = edge.room()
      await clock.advance(50)
      const peer = new HearingPeer(name)
      peer.session = (await room).join({ id: name, name, client: name, ...visitor }, peer, at)
      await clock.advance(50)
      return peer
    },
    /** The link to the first owner is cut, and the room is at another. */
    async move(to = 'two'): Promise<void> {
      edge.move({ at: 'there', node: to, term: 2 })
      one.link.cut()
      await clock.advance(200)
    },
  }
}

export type ScriptedEdge = ReturnType<typeof scriptedEdge>
