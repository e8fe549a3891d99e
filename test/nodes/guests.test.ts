/** Peers that an edge brings into a room, as the room and the edge see it; `guest-session.test.ts` has the contract of sessions. */
import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom, RoomError } from '../../src/define.ts'
import type { ToEdge } from '../../src/nodes/link-message.ts'
import type { MadeUpEdge } from '../support/made-up-edge.ts'
import { NotingWire } from '../support/noting-wire.ts'
import { ownerNode } from '../support/owner-node.ts'

const calls: string[] = []

/** Repeats what is said to everyone, and keeps it. */
const definition = defineRoom({
  receives: { say: z.string(), keep: z.string() },
  sends: { said: z.string() },
  open: (room) => {
    const note = (what: string) => (peer: { name: string }) => void calls.push(`${what} ${peer.name}`)
    return {
      join(peer) {
        note('join')(peer)
        if (peer.name === 'mallory') throw new RoomError('barred', 'not you')
      },
      ...{ drop: note('drop'), rejoin: note('rejoin'), leave: note('leave'), close: () => void calls.push('close') },
      receive: {
        say: (peer, text) => room.broadcast('said', text, { except: peer }),
        keep: (_, text) => room.publish('said', text),
      },
    }
  },
})

const visitor = (name: string, client?: string) => ({ id: name, name, client })
const ops = ({ heard }: MadeUpEdge) => heard.map(({ op }) => op).filter((op) => op !== 'items')
const said = (type: string, data: string) => JSON.stringify({ type, data })

function stage(line?: Parameters<typeof ownerNode>[1]) {
  calls.length = 0
  const node = ownerNode(definition, line)
  const { clock } = node
  const settle = () => clock.advance(50)
  return { ...node, settle }
}

it('are joined once the room is open, after it was said where the log stands', async () => {
  const { edge: newEdge, room, settle } = stage()
  const edge = newEdge()
  const wires = Array.from({ length: 300 }, () => new NotingWire())
  edge.attach(
    '/room',
    wires.map((wire, at) => ({ visitor: visitor(`p${at}`), wire })),
  )
  await settle()
  expect(edge.heard[0]).toMatchObject({ op: 'attached', term: 1, seq: 0, newcomerAfter: 0 })
  expect([room().count, calls.length]).toEqual([300, 300])
  const ann = new NotingWire()
  const session = edge.join(visitor('ann'), ann)
  session.receive(said('say', 'hello'))
  await settle()
  expect(wires.every(({ notes }) => notes.join() === 'said hello')).toBe(true)
  expect(ann.notes).toEqual([])
  // Once for all of them.
  expect(carried(edge)).toBe(1)
})

it('are brought while messages of theirs already come', async () => {
  const { edge: newEdge, settle } = stage()
  const edge = newEdge()
  edge.attach('/room')
  const [ann, ben] = [new NotingWire(), new NotingWire()]
  edge.join(visitor('ann'), ann)
  edge.join(visitor('ben'), ben).receive(said('say', 'early'))
  await settle()
  expect([calls, ann.notes, ben.notes]).toEqual([['join ann', 'join ben'], ['said early'], []])
})

it('whose link is lost are waited for, and are who they were over the next', async () => {
  const { edge: newEdge, room, settle, rooms, clock } = stage()
  const one = newEdge()
  one.attach('/room')
  await settle()
  const wire = new NotingWire()
  const { number } = one.join(visitor('ann'), wire)
  one.join(visitor('ben', 'b1'), new NotingWire())
  one.join(visitor('cat'), new NotingWire())
  await settle()
  one.cut()
  await settle()
  expect(room().count).toBe(3)
  const two = newEdge()
  two.attach('/room')
  await settle()
  two.join(visitor('ann'), wire, undefined, number)
  two.join(visitor('ben', 'b1'), new NotingWire(), undefined, 99)
  await settle()
  expect(calls.slice(3)).toEqual(['drop ann', 'drop ben', 'drop cat', 'rejoin ann', 'rejoin ben'])
  await clock.advance(6000)
  expect([room().count, calls.at(-1)]).toEqual([2, 'leave cat'])
  // It is held open by who has a place in it.
  two.cut()
  await clock.advance(400_000)
  expect(rooms.at('/room')).toBe(undefined)
})

it('without a client that are lost at the edge leave at once', async () => {
  const { edge: newEdge, settle } = stage()
  const edge = newEdge()
  edge.attach('/room')
  await settle()
  edge.join(visitor('ann'), new NotingWire()).gone(true)
  edge.join(visitor('ben', 'b1'), new NotingWire()).gone(true)
  await settle()
  expect(calls.toSorted()).toEqual(['drop ben', 'join ann', 'join ben', 'leave ann'])
})

it('keep a place before they join, and hear why there is none', async () => {
  const { edge: newEdge, settle, room } = stage({ limits: { peers: 1 } })
  const edge = newEdge()
  edge.attach('/room')
  const ask = edge.reserve('a1')
  await settle()
  edge.reserve('b1')
  await settle()
  expect(answers(edge)).toEqual([{ resumes: undefined }, 'room_full'])
  edge.join(visitor('ann', 'a1'), new NotingWire())
  edge.release(ask)
  edge.reserve('b1')
  await settle()
  expect(answers(edge).at(-1)).toBe('room_full')
  edge.reserve('a1', room().kind === 'event' ? '-1' : undefined)
  await settle()
  expect(answers(edge).at(-1)).toEqual({ resumes: true })
})

it('whose event stream was refused by `join` hear that before they come again', async () => {
  const { edge: newEdge, settle } = stage()
  const edge = newEdge()
  edge.attach('/room')
  await settle()
  edge.join({ ...visitor('mallory', 'm1'), via: 'http' }, new NotingWire())
  await settle()
  edge.reserve('m1', undefined, true)
  await settle()
  expect(answers(edge)).toEqual(['barred'])
})

it('are sent no more than they take: history waits, and one that takes nothing is cut', async () => {
  const { edge: newEdge, settle, clock } = stage({ history: { replay: 5000 }, limits: { buffered: '64KiB' } })
  const edge = newEdge()
  edge.attach('/room')
  await settle()
  const writer = edge.join(visitor('ann'), new NotingWire())
  for (let more = 0; more < 900; more += 1) {
    writer.receive(said('keep', 'x'.repeat(1000)))
    if (more % 100 === 99) await clock.advance(1000)
  }
  await clock.advance(1000)
  edge.reports = false
  const slow = new NotingWire()
  const { number } = edge.join(visitor('ben'), slow)
  await settle()
  const early = slow.notes.length
  expect(early).toBeLessThan(100)
  edge.written(number, 1e6)
  await settle()
  expect(slow.notes.length).toBeGreaterThan(early)
  await clock.advance(60_000)
  expect(slow.notes.at(-1)).toBe('close 1013')
  expect(calls).toEqual(['join ann', 'join ben', 'leave ben'])
})

it('hear where the room is, if it is not here or has gone', async () => {
  const { edge: newEdge, settle, ownership, rooms } = stage()
  const edge = newEdge()
  ownership.homes.set('/room', { at: 'there', node: 'other', term: 5 })
  edge.attach('/room')
  await settle()
  expect(edge.heard).toEqual([{ op: 'over', place: 7, to: 'other' }])
  ownership.homes.clear()
  edge.attach('/room')
  await settle()
  const ann = new NotingWire()
  edge.join(visitor('ann'), ann)
  await settle()
  const closed = rooms.whileClosed('/room', async () => {})
  await settle()
  await closed
  expect(ops(edge)).toEqual(['over', 'attached', 'close', 'over'])
  expect(ann.notes).toEqual(['close 1012'])
  edge.reserve('a1')
  await settle()
  expect(answers(edge)).toEqual(['room_closed'])
})

it('verifies a room of which the edge has seen a later owner', async () => {
  const { edge: newEdge, settle, verified } = stage()
  const edge = newEdge()
  edge.attach('/room', [], 1)
  await settle()
  expect(verified).toEqual([])
  edge.attach('/room', [], 2)
  await settle()
  expect(verified).toEqual(['/room'])
})

it('are refused where no room is configured', async () => {
  const { edge: newEdge, settle } = stage()
  const edge = newEdge()
  edge.attach('/elsewhere')
  await settle()
  expect(edge.heard).toMatchObject([{ op: 'refused', refusal: { status: 404 } }])
})

it('are refused if the edge has another kind of module for the room', async () => {
  const { edge: newEdge, settle } = stage()
  const edge = newEdge()
  edge.attach('/room', [], 1, 'raw')
  await settle()
  expect(edge.heard).toMatchObject([{ op: 'refused', refusal: { status: 503 } }])
})

it('may post', async () => {
  const { edge: newEdge, settle } = stage()
  const edge = newEdge()
  edge.attach('/room')
  await settle()
  const { number } = edge.join(visitor('ann', 'a1'), new NotingWire())
  const messages = [{ type: 'keep', data: 'x', id: 'm1' }]
  for (const session of [number, number, 99]) {
    edge.say({ op: 'post', place: 7, ask: 50, session, messages, producerKey: undefined })
    await settle()
  }
  expect(answers(edge)).toMatchObject([{ seq: 1 }, { seq: 1, isDuplicate: true }, 'unavailable'])
})

/** How many frames for all came. */
function carried({ heard }: MadeUpEdge): number {
  const items = heard.flatMap((message) => (message.op === 'items' ? message.items : []))
  return items.filter(({ to }: Extract<ToEdge, { op: 'items' }>['items'][number]) => to === 'all').length
}

/** What questions were answered with: a value, or the code of an error. */
function answers({ heard }: MadeUpEdge): unknown[] {
  return heard.flatMap((message) => {
    if (message.op === 'answer') return [message.value]
    return message.op === 'failed' ? [message.error?.code] : []
  })
}
