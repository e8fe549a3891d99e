/** Sessions of both kinds of room, as any transport may hold them; and how each kind asks for less. */
import { expect, it } from 'vitest'
import { clientOf, openMoodyRoom } from '../support/moody-room.ts'
import { NotingWire } from '../support/noting-wire.ts'
import { testSession } from '../support/session-contract.ts'
import { BURST, eventStage, rawStage } from '../support/session-stage.ts'

testSession('an event room', eventStage)
testSession('a raw room', rawStage)

it('a raw room handles all that comes too fast, and asks the wire to rest', async () => {
  const stage = await rawStage()
  const { session, wire } = stage.join('ann')
  for (let count = 0; count < BURST; count += 1) session.receive('x')
  expect(wire.notes).toEqual([])
  session.receive('x')
  session.receive('x')
  expect(wire.notes).toEqual(['rest', 'rest'])
  expect(stage.calls.slice(1)).toHaveLength(BURST + 2)
})

it('a raw room asks nothing of a wire that it has just closed', async () => {
  const stage = await rawStage()
  const { session, wire } = stage.join('ann')
  for (let count = 0; count < BURST; count += 1) session.receive('x')
  session.receive('out')
  await stage.pass()
  expect(wire.notes.filter((note) => !note.startsWith('said'))).toEqual(['close 4001'])
  expect(wire.mistakes).toEqual([])
})

it('an event room refuses what comes too fast, and lets the wire go on', async () => {
  const stage = await eventStage()
  const { session, wire } = stage.join('ann')
  for (let count = 0; count <= BURST; count += 1) session.receive(stage.message('x'))
  await stage.pass()
  expect(wire.notes.at(-1)).toBe('error rate_limited')
  expect(wire.notes).not.toContain('rest')
  expect(stage.calls.slice(1)).toHaveLength(BURST)
})

it('of an event room may post as long as its peer is a member', async () => {
  const { room } = await openMoodyRoom(() => undefined)
  const session = room.join(clientOf('ann'), new NotingWire(), undefined)
  const messages = [{ type: 'say', data: 1, id: undefined }]
  expect(await session.post(messages)).toEqual({ seq: 1, isDuplicate: false, kept: 'memory' })
  session.end({ code: 4003, reason: 'kicked' })
  await expect(session.post(messages)).rejects.toMatchObject({ status: 404, code: 'unknown_peer' })
  // A client that is no member may go on.
  expect(await room.anonymousSender(clientOf('ann')).post(messages)).toEqual({
    seq: 2,
    isDuplicate: false,
    kept: 'memory',
  })
})
