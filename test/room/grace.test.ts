/** A client that lost its connection and is back within 5 s is the member it was. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { handClock } from '../../src/testing/hand-clock.ts'
import { TestWire } from '../../src/testing/test-wire.ts'
import { closeInTime } from '../support/close-in-time.ts'
import { clientOf, openMoodyRoom } from '../support/moody-room.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeEach(async () => {
  server = await startServer({ rooms: { '/chat': { module: 'chat' }, '/lines': { module: 'tutorial/lines' } } })
})
afterEach(() => server.close())

const members = async () => (await (await fetch(`${server.url}/chat`)).json()).members.count

it('nobody hears of a lost connection that comes back, and its id and name stay', async () => {
  const ann = await server.connect('/chat', { name: 'ann' })
  const ben = await server.connect('/chat', { name: 'ben', client: 'b1' })
  const first = await ben.next<{ you: { id: string } }>('welcome')
  await ann.next('enter')
  ben.terminate()
  await ben.closed
  const back = await server.connect('/chat', { name: 'other', client: 'b1' })
  const again = await back.next<{ you: { id: string; name: string } }>('welcome')
  expect(again.data.you).toEqual({ id: first.data.you.id, name: 'ben' })
  expect(await members()).toBe(2)
  back.send('message', { text: 'here I am' })
  // The next thing ann hears is the message: no leave, no enter.
  expect((await ann.next()).type).toBe('message')
})

it('without a client id, or with a normal close, it leaves at once', async () => {
  const ann = await server.connect('/chat', { name: 'ann' })
  const guest = await server.connect('/chat', { name: 'guest' })
  await ann.next('enter')
  guest.terminate()
  expect((await ann.next()).type).toBe('leave')
  const ben = await server.connect('/chat', { name: 'ben', client: 'b1' })
  await ann.next('enter')
  await ben.close(1000)
  expect((await ann.next()).type).toBe('leave')
})

it('the newest connection of a client is used; the older is closed with 1008', async () => {
  const one = await server.connect('/chat', { name: 'ann', client: 'a1' })
  await one.next('welcome')
  const two = await server.connect('/chat', { name: 'ann', client: 'a1' })
  expect(await one.closed).toMatchObject({ code: 1008 })
  await two.next('welcome')
  two.send('message', { text: 'still me' }, 'm1')
  expect(await two.next('ack')).toMatchObject({ id: 'm1' })
  expect(await members()).toBe(1)
})

it('leaves for good when the time is over, and not before', async () => {
  const clock = handClock()
  const still = await startServer({ rooms: { '/chat': { module: 'chat' } }, clock })
  const count = async () => (await (await fetch(`${still.url}/chat`)).json()).members.count
  const ann = await still.connect('/chat', { name: 'ann' })
  const ben = await still.connect('/chat', { name: 'ben', client: 'b1' })
  await ann.next('enter')
  ben.terminate()
  let seconds = 0
  for (; (await count()) > 1; seconds += 1) await clock.advance(1000)
  expect(seconds).toBeGreaterThanOrEqual(5)
  expect((await ann.next()).type).toBe('leave')
  await closeInTime(still, clock)
})

it('an answer to a message from before the loss does not come before the welcome', async () => {
  const one = await server.connect('/lines', { client: 'a1' })
  one.sendText('hello')
  one.terminate()
  const two = await server.connect('/lines', { client: 'a1' })
  two.sendText('again')
  expect(await two.nextText()).toMatch(/hello|again/)
})

it('a history that could not be read for a connection that was lost does not end the one that came after', async () => {
  let isBroken = true
  const { room, clock, errors } = await openMoodyRoom((call) =>
    call === 'read' && isBroken ? { delayMs: 1000, isBroken } : undefined,
  )
  const [lost, next] = [new TestWire([]), new TestWire([])]
  room.join(clientOf('ann'), lost, undefined).gone(true)
  const [ann] = room.peers()
  isBroken = false
  room.join(clientOf('ann'), next, undefined)
  expect(room.peers()).toEqual([ann])
  await clock.advance(1500)
  expect(errors).toHaveLength(1)
  expect(next.closed).toBe(undefined)
  expect(room.members()).toEqual([{ id: 'ann', name: 'ann', connections: 1 }])
})
