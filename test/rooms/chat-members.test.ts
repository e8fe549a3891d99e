/** The chat, where connections are lost, come back, and are several for one person. */
import { openRoom } from 'corridor/testing'
import { expect, it } from 'vitest'
import chat from '../../rooms/chat.ts'
import { madeUpRoom } from '../support/made-up-room.ts'
import { startServer } from '../support/server.ts'
import { bearer, SECRET, sign } from '../support/tokens.ts'

it('announces the first and the last connection of a member, and one name for all of them', async () => {
  const room = await openRoom(chat)
  const bob = room.join({ name: 'bob' })
  const claims = { sub: 'u1', name: 'ann' }
  const one = room.join({ claims })
  expect(await bob.next('enter')).toMatchObject({ data: { id: 'u1', name: 'ann' } })
  await one.send('rename', { name: 'Anna' })
  expect(await bob.next()).toMatchObject({ type: 'rename', data: { id: 'u1', name: 'Anna' } })
  const two = room.join({ claims })
  expect(await two.next('members')).toMatchObject({ data: { count: 2, names: ['bob', 'Anna'] } })
  expect([one.name, two.name]).toEqual(['Anna', 'Anna'])
  one.leave()
  await two.send('message', { text: 'still here' })
  // Neither an enter nor a leave in between.
  expect(await bob.next()).toMatchObject({ type: 'message', data: { from: { name: 'Anna' } } })
  two.leave()
  expect(await bob.next()).toMatchObject({ type: 'leave', data: { id: 'u1', name: 'Anna' } })
})

it('sends the member list to a member that is back, so that nobody who left stays shown', async () => {
  const room = await openRoom(chat)
  const [ann, bob] = [room.join({ name: 'ann' }), room.join({ name: 'bob' })]
  await ann.next('enter')
  ann.drop()
  bob.leave()
  room.join({ name: 'carol' })
  ann.rejoin()
  expect(await ann.next()).toMatchObject({ type: 'members', data: { count: 2, names: ['ann', 'carol'] } })
})

it('shows the name that a new token brings', async () => {
  const room = await openRoom(chat)
  const bob = room.join({ name: 'bob' })
  room.join({ client: 'a', claims: { sub: 'u1', name: 'ann' } })
  await bob.next('enter')
  const ann = room.join({ client: 'a', claims: { sub: 'u1', name: 'Ann Lee' } })
  expect(await bob.next()).toMatchObject({ type: 'rename', data: { id: 'u1', name: 'Ann Lee' } })
  expect(await ann.next('members')).toMatchObject({ data: { names: ['bob', 'Ann Lee'] } })
})

it('counts two tabs with one token as one member, for its description and the lobby too', async () => {
  const server = await startServer({
    rooms: { '/chat': { module: 'chat', auth: { secret: SECRET, required: false } } },
  })
  const bob = await server.connect('/chat', { name: 'bob' })
  await bob.next('members')
  const headers = bearer(await sign({ sub: 'u1', name: 'ann' }))
  const tabs = [await server.connect('/chat', {}, { headers }), await server.connect('/chat', {}, { headers })]
  expect(await bob.next()).toMatchObject({ type: 'enter', data: { id: 'u1' } })
  for (const tab of tabs) await tab.next('members')
  const { members } = await (await fetch(`${server.url}/chat`)).json()
  expect(members).toEqual({ count: 2, names: ['bob', 'ann'] })
  await tabs[0]?.close()
  tabs[1]?.send('message', { text: 'still here' })
  expect((await bob.next()).type).toBe('message')
  await tabs[1]?.close()
  expect(await bob.next()).toMatchObject({ type: 'leave', data: { id: 'u1' } })
  await server.close()
})

it('greets nobody who was there before the room moved, and knows the name that they had taken', async () => {
  const moved = madeUpRoom()
  moved.storage.set('name/p0', 'Annabel')
  const handlers = await chat.open(moved.room, { announce: 200 })
  const [ann, bob, carol] = [moved.peer(0, true), moved.peer(1, true), moved.peer(2)]
  for (const peer of [ann, bob, carol]) {
    moved.names.push(peer.name)
    handlers.join?.(peer)
  }
  expect([ann.name, bob.name]).toEqual(['Annabel', 'user1'])
  // Who is new is greeted; all get the list.
  moved.passSecond()
  expect(moved.broadcasts).toEqual([
    { type: 'enter', data: { id: 'p2', name: 'user2' } },
    { type: 'members', data: { count: 3, names: moved.names } },
  ])
})

it('remembers a name as long as its member is there', async () => {
  const room = await openRoom(chat)
  const [ann, bob] = [room.join({ name: 'ann' }), room.join({ name: 'bob' })]
  await ann.send('rename', { name: 'Annabel' })
  await bob.send('rename', { name: 'Bobby' })
  expect(
    room.storage
      .entries('name/')
      .map(([, name]) => name)
      .sort(),
  ).toEqual(['Annabel', 'Bobby'])
  ann.leave()
  await bob.next('leave')
  expect(room.storage.entries('name/').map(([, name]) => name)).toEqual(['Bobby'])
})
