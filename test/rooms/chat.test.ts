/**
 * The chat room that ships, over real sockets: who gets what, what is kept, what is refused.
 * The crowd is tested against the room's own code with a made-up room of ten thousand, on a clock that the test turns.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import chat from '../../rooms/chat.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import type { Client } from '../support/client.ts'
import { closeInTime, passUntil } from '../support/close-in-time.ts'
import { madeUpRoom } from '../support/made-up-room.ts'
import { startServer } from '../support/server.ts'

let server: Awaited<ReturnType<typeof startServer>>
const clock = handClock(Date.now())

beforeAll(async () => {
  server = await startServer({
    rooms: {
      '/chat': { module: 'chat' },
      '/r/:name': { module: 'chat' },
      '/crowd': { module: 'chat', options: { announce: 2 } },
    },
    clock,
  })
})

afterAll(() => closeInTime(server, clock))

/** A peer that has joined and read the list of members. */
async function enter(path: string, name: string): Promise<Client> {
  const client = await server.connect(path, { name })
  await client.next('members')
  return client
}

/** Ann, then Bob, in a separate room. */
async function annAndBob(path: string): Promise<[Client, Client]> {
  const ann = await enter(path, 'ann')
  const bob = await enter(path, 'bob')
  await ann.next('enter')
  return [ann, bob]
}

describe('coming and going', () => {
  it('gives a newcomer the members, itself among them, and notifies the others that it entered', async () => {
    const ann = await server.connect('/r/coming', { name: 'ann' })
    expect((await ann.next()).type).toBe('welcome')
    expect(await ann.next()).toEqual({ type: 'members', data: { count: 1, names: ['ann'] } })

    const bob = await server.connect('/r/coming', { name: 'bob' })
    const you = (await bob.next<{ you: { id: string } }>('welcome')).data.you
    expect(await bob.next()).toEqual({ type: 'members', data: { count: 2, names: ['ann', 'bob'] } })
    expect(await ann.next()).toEqual({ type: 'enter', data: { id: you.id, name: 'bob' } })
  })

  it.each(['close', 'terminate'] as const)('notifies the others of a leave (%s)', async (way) => {
    const [ann, bob] = await annAndBob(`/r/${way}`)
    bob[way]()
    expect(await ann.next()).toEqual({ type: 'leave', data: { id: expect.any(String), name: 'bob' } })

    const carol = await server.connect(`/r/${way}`, { name: 'carol' })
    expect((await carol.next('members')).data).toEqual({ count: 2, names: ['ann', 'carol'] })
  })
})

describe('talking', () => {
  it('publishes a message to everyone, the sender too, as it was written', async () => {
    const [ann, bob] = await annAndBob('/r/talk')
    const text = '  你好，世界！ <b onclick="alert(1)">hi</b>\n"quoted" 👋🏽 '
    ann.send('message', { text })

    const heard = await bob.next()
    expect(heard).toEqual({
      type: 'message',
      seq: 1,
      time: expect.any(Number),
      data: { from: { id: expect.any(String), name: 'ann' }, text },
    })
    expect(await ann.next()).toEqual(heard)
  })

  it('takes a plain text frame as a message', async () => {
    const [ann, bob] = await annAndBob('/r/plain')
    ann.sendText('just text, from a bare terminal')
    expect(await bob.next()).toMatchObject({
      type: 'message',
      data: { from: { name: 'ann' }, text: 'just text, from a bare terminal' },
    })
  })

  it('replays the messages to a newcomer, and nothing of the coming, going and typing', async () => {
    const [ann, bob] = await annAndBob('/r/kept')
    ann.send('message', { text: 'one' })
    ann.send('typing', {})
    ann.send('rename', { name: 'anna' })
    ann.send('message', { text: 'two' })
    await bob.close()
    await ann.next('leave')

    const carol = await server.connect('/r/kept')
    expect((await carol.next()).type).toBe('welcome')
    expect(await carol.next()).toMatchObject({ type: 'message', seq: 1, data: { text: 'one', from: { name: 'ann' } } })
    expect(await carol.next()).toMatchObject({ type: 'message', seq: 2, data: { text: 'two', from: { name: 'anna' } } })
    expect((await carol.next()).type).toBe('members')
  })

  it('notifies the others, not the sender, that someone is typing', async () => {
    const [ann, bob] = await annAndBob('/r/typing')
    ann.send('typing', {})
    ann.send('typing')
    ann.send('message', { text: 'done' })

    const typing = { type: 'typing', data: { id: expect.any(String), name: 'ann' } }
    expect(await bob.next()).toEqual(typing)
    expect(await bob.next()).toEqual(typing)
    expect((await bob.next()).type).toBe('message')
    expect((await ann.next()).type).toBe('message')
  })

  it('keeps the rooms apart: a message in one is not delivered in another', async () => {
    const tea = await enter('/r/tea', 'ann')
    const milk = await enter('/r/milk', 'ann')
    const main = await enter('/chat', 'ann')
    tea.send('message', { text: 'in tea' })
    milk.send('message', { text: 'in milk' })
    main.send('message', { text: 'in chat' })

    expect(await tea.next()).toMatchObject({ seq: 1, data: { text: 'in tea' } })
    expect(await milk.next()).toMatchObject({ seq: 1, data: { text: 'in milk' } })
    expect(await main.next()).toMatchObject({ seq: 1, data: { text: 'in chat' } })
  })
})

describe('a new name', () => {
  it('is sent to everyone, trimmed, and is on the next message and in the list', async () => {
    const [ann, bob] = await annAndBob('/r/rename')
    bob.send('rename', { name: '  鲍勃 ' })
    const renamed = { type: 'rename', data: { id: expect.any(String), name: '鲍勃' } }
    expect(await ann.next()).toEqual(renamed)
    expect(await bob.next()).toEqual(renamed)

    bob.send('message', { text: 'still me' })
    expect(await ann.next()).toMatchObject({ type: 'message', data: { from: { name: '鲍勃' } } })

    const carol = await server.connect('/r/rename', { name: 'carol' })
    expect((await carol.next('members')).data).toEqual({ count: 3, names: ['ann', '鲍勃', 'carol'] })
  })

  it('that does not differ is not announced', async () => {
    const [ann, bob] = await annAndBob('/r/same')
    bob.send('rename', { name: 'bob ' })
    bob.send('message', { text: 'hello' })
    expect((await ann.next()).type).toBe('message')
  })
})

describe('what does not fit', () => {
  it.each([
    ['an empty message', 'message', { text: '' }],
    ['a message of blanks', 'message', { text: ' \n\t ' }],
    ['a message of 4001 characters', 'message', { text: 'x'.repeat(4001) }],
    ['a message without text', 'message', {}],
    ['a name of blanks', 'rename', { name: '   ' }],
    ['a name of 41 characters', 'rename', { name: 'x'.repeat(41) }],
  ])('%s is an error for its sender and nothing for the others', async (what, type, data) => {
    const [ann, bob] = await annAndBob(`/r/${what.replaceAll(' ', '-')}`)
    ann.send(type, data, 'm1')
    expect(await ann.next()).toMatchObject({ type: 'error', id: 'm1', data: { code: 'invalid' } })

    ann.send('message', { text: 'x'.repeat(4000) })
    expect((await bob.next()).type).toBe('message')
  })
})

describe('a crowd', () => {
  it('is counted, not announced: a `members` for all, and the whole list again when it is a crowd no more', async () => {
    const [ann, bob] = await annAndBob('/crowd')
    const carol = await enter('/crowd', 'carol')
    const three = { type: 'members', data: { count: 3, names: ['ann', 'bob', 'carol'] } }
    expect(await passUntil(clock, ann.next())).toEqual(three)
    expect(await carol.next()).toEqual(three)

    carol.terminate()
    expect(await passUntil(clock, ann.next())).toEqual({ type: 'members', data: { count: 2, names: ['ann', 'bob'] } })
    bob.terminate()
    expect(await ann.next()).toMatchObject({ type: 'leave', data: { name: 'bob' } })
  })

  it('of ten thousand arrivals costs each a list of 200 names, and everyone one `members` a second', async () => {
    const crowd = madeUpRoom()
    const handlers = await chat.open(crowd.room, { announce: 200 })
    for (let i = 1; i <= 10_000; i++) {
      crowd.names.push(`user${i}`)
      handlers.join?.(crowd.peer(i))
    }

    expect(crowd.broadcasts.filter(({ type }) => type === 'enter')).toHaveLength(200)
    expect(crowd.sent).toHaveLength(10_000)
    expect(crowd.sent.at(-1)).toEqual({ count: 10_000, names: crowd.names.slice(0, 200) })

    crowd.broadcasts.length = 0
    for (let second = 0; second < 3; second++) crowd.passSecond()
    expect(crowd.broadcasts).toEqual([{ type: 'members', data: { count: 10_000, names: crowd.names.slice(0, 200) } }])
    expect(crowd.longestList).toBe(200)
  })
})
