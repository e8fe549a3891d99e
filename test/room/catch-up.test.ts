/** Catching up with a log that lacks events it claims to have: the peer is closed with a reason, and an error is logged. */
import { expect, it } from 'vitest'
import { offset } from '../../src/log/log.ts'
import { clientOf, openMoodyRoom } from '../support/moody-room.ts'
import { StuckWire } from '../support/stuck-wire.ts'

it('a log that gives empty pages for ever ends a peer that resumes, and a reader, with 1013; both are logged', async () => {
  let reads = 0
  const { room, clock, errors } = await openMoodyRoom((call) => {
    if (call !== 'read') return undefined
    reads += 1
    expect(reads).toBeLessThan(100)
    return { delayMs: 1, isBroken: false, isEmpty: true }
  })
  const ann = room.join(clientOf('ann'), new StuckWire(), undefined)
  for (let at = 0; at < 3; at += 1) ann.receive(JSON.stringify({ type: 'say', data: at }))
  await clock.advance(1000)
  const start = offset(room.readers.epoch, 1)
  const [peer, reader] = [new StuckWire(), new StuckWire()]
  room.join(clientOf('bob'), peer, start)
  room.readers.subscribe(reader, 1)
  for (let step = 0; step < 50; step += 1) await clock.advance(10)
  expect([peer.closed, reader.closed]).toEqual([1013, 1013])
  expect(errors).toHaveLength(2)
  expect(errors).toMatchObject([
    { err: { message: expect.stringContaining('got an empty page') } },
    { err: { message: expect.stringContaining('got an empty page') } },
  ])
})

it('an empty page that was read before the next event came is no error', async () => {
  const { room, clock, errors } = await openMoodyRoom((call) =>
    call === 'read' ? { delayMs: 10, isBroken: false } : undefined,
  )
  const wire = new StuckWire()
  const ann = room.join(clientOf('ann'), wire, undefined)
  ann.receive(JSON.stringify({ type: 'say', data: 1 }))
  await clock.advance(5)
  ann.receive(JSON.stringify({ type: 'say', data: 2 }))
  for (let step = 0; step < 20; step += 1) await clock.advance(10)
  expect([wire.closed, errors]).toEqual([undefined, []])
  expect(wire.sent).toContain('"type":"said","seq":2')
})
