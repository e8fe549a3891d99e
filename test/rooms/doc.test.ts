/** The document that ships, with stock y-websocket providers: what is typed reaches everyone and survives a restart. */
import { expect, it } from 'vitest'
import * as Y from 'yjs'
import { docClient } from '../support/doc-client.ts'
import { twoLives } from '../support/two-lives.ts'

const rooms = { '/doc/:id': { module: 'doc', limits: { payload: '2MiB', buffered: '8MiB' } } }
const start = async () => {
  const lives = await twoLives(rooms)
  return Object.assign(lives, { url: () => `${lives.server.ws}/doc` })
}

it('two providers write into one text; a newcomer gets it, another document does not', async () => {
  await using lives = await start()
  using ann = docClient(lives.url(), 'tea', 'ann')
  using bob = docClient(lives.url(), 'tea', 'bob')
  ann.text.insert(0, 'hello')
  await expect.poll(() => bob.text.toString()).toBe('hello')
  bob.text.insert(5, ' 世界')
  ann.text.insert(0, '> ')
  for (const { text } of [ann, bob]) await expect.poll(() => text.toString()).toBe('> hello 世界')

  using carol = docClient(lives.url(), 'tea', 'carol')
  using other = docClient(lives.url(), 'coffee')
  await expect.poll(() => carol.text.toString()).toBe('> hello 世界')
  await expect.poll(() => other.provider.synced).toBe(true)
  expect(other.text.toString()).toBe('')
})

it('shows who is there, and no longer once its connection is gone', async () => {
  await using lives = await start()
  using ann = docClient(lives.url(), 'tea', 'ann')
  using bob = docClient(lives.url(), 'tea', 'bob')
  await expect.poll(ann.names).toEqual(['bob'])
  await expect.poll(bob.names).toEqual(['ann'])
  bob.provider.awareness.setLocalState({ name: 'Bob' })
  await expect.poll(ann.names).toEqual(['Bob'])
  // Without a word: its provider is not asked.
  const { ws } = bob.provider
  bob.provider.shouldConnect = false
  Reflect.get(ws ?? {}, 'terminate').call(ws)
  await expect.poll(ann.names).toEqual([])

  using carol = docClient(lives.url(), 'tea', 'carol')
  await expect.poll(carol.names).toEqual(['ann'])
})

it('a restart loses nothing: of what was kept, and of what was typed meanwhile', async () => {
  await using lives = await start()
  using ann = docClient(lives.url(), 'tea', 'ann')
  ann.text.insert(0, 'kept')
  using bob = docClient(lives.url(), 'tea', 'bob')
  await expect.poll(() => bob.text.toString()).toBe('kept')

  await lives.restart()
  ann.text.insert(4, ', offline')
  // The new server has another port.
  for (const { provider } of [ann, bob]) provider.serverUrl = lives.url()
  for (const { text } of [ann, bob]) await expect.poll(() => text.toString()).toBe('kept, offline')

  ann.provider.destroy()
  bob.provider.destroy()
  await lives.restart()
  using carol = docClient(lives.url(), 'tea')
  await expect.poll(() => carol.text.toString()).toBe('kept, offline')
})

it('a document that is too large refuses the change with 4413, and its provider stays away', async () => {
  await using lives = await start()
  using ann = docClient(lives.url(), 'tea')
  using bob = docClient(lives.url(), 'tea')
  ann.text.insert(0, 'a'.repeat(700_000))
  await expect.poll(() => bob.text.length).toBe(700_000)
  const closed = new Promise((resolve) => bob.provider.on('closed', resolve))
  bob.text.insert(0, 'b'.repeat(400_000))
  expect(await closed).toMatchObject({ code: 4413, reason: 'the document is too large' })

  ann.text.delete(0, 699_999)
  ann.text.insert(1, 'live')
  using carol = docClient(lives.url(), 'tea')
  await expect.poll(() => carol.text.toString()).toBe('alive')
  expect(Y.encodeStateAsUpdate(carol.doc).length).toBeLessThan(1000)
})
