/** The messages of the document that ships, one by one: what is kept, merged, asked for and refused. */
import { openRoom, type TestSettings } from 'corridor/testing'
import { expect, it } from 'vitest'
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import doc from '../../rooms/doc.ts'
import { askAll, message, parsed, pasted, textOf, typed } from '../support/doc-messages.ts'

const open = async (settings?: TestSettings) => {
  const room = await openRoom(doc, undefined, settings)
  return Object.assign(room, {
    /** A peer that has read its greeting. */
    async enter() {
      const peer = room.join()
      expect(parsed(await peer.next())).toMatchObject({ kind: 0, step: 0 })
      expect(parsed(await peer.next())).toMatchObject({ kind: 1 })
      return peer
    },
    /** What a newcomer would see. */
    async text() {
      const peer = await this.enter()
      peer.send(askAll())
      const { bytes } = parsed(await peer.next())
      peer.leave()
      return textOf(bytes)
    },
    keys: () => room.storage.entries('change/').map(([key]) => Number(key.slice(7))),
  })
}

it('stores each change, sends it to the others, and merges many into one', async () => {
  const room = await open()
  const ann = await room.enter()
  const bob = await room.enter()
  const text = 'abcdefghij'.repeat(60)
  const updates = typed(text)
  for (const update of updates.slice(0, 500)) ann.send(message(0, 2, update))
  expect(parsed(await bob.next())).toEqual({ kind: 0, step: 2, bytes: updates[0] })
  expect(room.keys()).toHaveLength(500)
  for (const update of updates.slice(500)) ann.send(message(0, 2, update))
  expect(room.keys()).toEqual(Array.from({ length: 100 }, (_, i) => 501 + i))
  // What was known already is neither stored nor sent again.
  ann.send(message(0, 1, Y.mergeUpdates(updates)))
  expect(room.keys()).toHaveLength(100)
  // Its author did not hear of it.
  ann.send(message(3))
  expect(parsed(await ann.next())).toMatchObject({ kind: 1 })
  await room.restart()
  expect(await room.text()).toBe(text)
  await room.close()
})

it('goes on after a restart where it was', async () => {
  const room = await open()
  const updates = typed('abcdefghijklmnopqrst')
  for (const [from, to] of [[0, 12] as const, [12, 20] as const]) {
    const ann = await room.enter()
    for (const update of updates.slice(from, to)) ann.send(message(0, 2, update))
    await room.restart()
  }
  expect(room.keys()).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  expect(await room.text()).toBe('abcdefghijklmnopqrst')
  await room.close()
})

it('refuses a change once what is left after merging takes too much', async () => {
  const room = await open()
  const ann = await room.enter()
  const updates: Uint8Array[] = []
  const doc = new Y.Doc()
  doc.on('update', (update: Uint8Array) => void updates.push(update))
  const text = doc.getText('text')
  text.insert(0, 'a'.repeat(800_000))
  for (const letter of ['b', 'c']) {
    doc.transact(() => {
      text.delete(0, 150_000)
      text.insert(0, letter.repeat(150_000))
    })
  }
  for (const update of updates) ann.send(message(0, 2, update))
  await expect.poll(() => ann.closed?.code).toBe(4413)
  expect(await room.text()).toBe(`${'b'.repeat(150_000)}${'a'.repeat(650_000)}`)
  await room.close()
})

it('asks for what is missing before a change', async () => {
  const room = await open()
  const ann = await room.enter()
  const [first, second] = typed('ab') as [Uint8Array, Uint8Array]
  ann.send(message(0, 2, second))
  expect(parsed(await ann.next())).toMatchObject({ kind: 0, step: 0 })
  expect(room.keys()).toEqual([])
  // It is not remembered: who sends too early cannot fill the memory.
  ann.send(message(0, 2, first))
  expect(await room.text()).toBe('a')
  ann.send(message(0, 1, Y.mergeUpdates([first, second])))
  expect(await room.text()).toBe('ab')
  await room.close()
})

it('forgets a state with its peer, and breaks the silence that providers take for a lost connection', async () => {
  const room = await open()
  const ann = await room.enter()
  const bob = await room.enter()
  const awareness = new Awareness(new Y.Doc())
  awareness.setLocalState({ name: 'bob' })
  const state = message(1, encodeAwarenessUpdate(awareness, [awareness.clientID]))
  awareness.destroy()
  bob.send(state)
  for (const peer of [ann, bob]) expect(await peer.next()).toEqual(state)
  bob.drop()
  const gone = encodeAwarenessUpdate(awareness, [awareness.clientID])
  expect(Buffer.from(parsed(await ann.next()).bytes).toString()).toContain('null')
  expect(gone.length).toBeGreaterThan(1)
  ann.send(message(3))
  expect(parsed(await ann.next())).toEqual({ kind: 1, step: undefined, bytes: new Uint8Array([0]) })
  await room.advance(15_000)
  expect(parsed(await ann.next())).toEqual({ kind: 1, step: undefined, bytes: new Uint8Array([0]) })
  await room.close()
})

const state = (json: string, id = 1, clock = 1) => message(1, message(1, id, clock, new TextEncoder().encode(json)))
const states = (count: number) => {
  const one = (id: number) => [...message(id, 1, new TextEncoder().encode('{}'))]
  return message(1, new Uint8Array([...message(count), ...Array.from({ length: count }, (_, i) => one(i)).flat()]))
}
const [update = new Uint8Array()] = typed('x')

it('gives a state to the peer that sent it last', async () => {
  const room = await open()
  const ann = await room.enter()
  const bob = await room.enter()
  const carol = await room.enter()
  ann.send(state('{"by":"ann"}', 7, 1))
  bob.send(state('{"by":"bob"}', 7, 2))
  ann.leave()
  carol.send(message(3))
  for (const by of ['ann', 'bob', 'bob']) {
    expect(Buffer.from(parsed(await carol.next()).bytes).toString()).toContain(`"by":"${by}"`)
  }
  bob.leave()
  expect(await carol.next()).toEqual(state('null', 7, 2))
  // Its client is back.
  const back = await room.enter()
  back.send(state('{"by":"back"}', 7, 3))
  expect(await carol.next()).toEqual(state('{"by":"back"}', 7, 3))
  back.leave()
  expect(await carol.next()).toEqual(state('null', 7, 3))
  await room.close()
})

it.each<[string, string | Uint8Array]>([
  ['a text', 'hello'],
  ['nothing', new Uint8Array()],
  ['an unknown kind', message(7, update)],
  ['an unknown step', message(0, 3, update)],
  ['a length beyond its end', new Uint8Array([0, 2, 200])],
  ['an update that is none', message(0, 2, new Uint8Array([1, 1, 1, 1, 255, 255, 3]))],
  ['an update cut off', message(0, 2, update.subarray(0, -3))],
  ['a state vector that is none', message(0, 0, new Uint8Array([9, 1]))],
  ['a state that is no JSON', state('{')],
  ['a state that is no object', state('"x"')],
  ['a state that is too long', state(JSON.stringify({ name: 'x'.repeat(5000) }))],
  ['too many states', states(101)],
])('ends the sender of %s, and nobody else', async (_, data) => {
  const room = await open()
  const ann = await room.enter()
  for (const update of typed('fine')) ann.send(message(0, 2, update))
  const bob = await room.enter()
  bob.send(data)
  bob.send(message(3))
  await expect.poll(() => bob.closed?.code).toBe(4400)
  expect(ann.closed).toBeUndefined()
  expect(room.errors).toEqual([])
  expect(await room.text()).toBe('fine')
  await room.restart()
  expect(await room.text()).toBe('fine')
  await room.close()
})

it('ends who asks for the document again and again', async () => {
  const room = await open()
  const ann = await room.enter()
  for (let i = 0; i < 5; i += 1) ann.send(askAll())
  await room.advance(1000)
  for (let i = 0; i < 5; i += 1) ann.send(askAll())
  for (let i = 0; i < 10; i += 1) expect(parsed(await ann.next())).toMatchObject({ kind: 0, step: 1 })
  ann.send(askAll())
  await expect.poll(() => ann.closed?.code).toBe(4400)
  await room.close()
})

it('refuses a change that the storage of the room has no room for, and keeps what it had', async () => {
  const room = await open({ limits: { storage: '4KiB' } })
  const ann = await room.enter()
  const bob = await room.enter()
  for (const update of typed('x'.repeat(200))) ann.send(message(0, 2, update))
  expect(room.keys().length).toBeLessThan(200)
  bob.send(message(0, 2, pasted('y'.repeat(5000))))
  await expect.poll(() => bob.closed?.code).toBe(4413)
  await room.advance(1000)
  expect(ann.closed).toBeUndefined()
  expect(room.errors).toEqual([])
  await room.restart()
  expect(await room.text()).toBe('x'.repeat(200))
  await room.close()
})
