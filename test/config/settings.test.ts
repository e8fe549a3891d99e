/** Settings of a line in rooms.json: titles per language, own pages, storage, rooms that are forgotten. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RoomsFolder } from '../support/rooms-folder.ts'

let folder: RoomsFolder
beforeEach(() => {
  folder = new RoomsFolder()
})
afterEach(() => folder.remove())

const line = (settings: object) => ({ rooms: { '/a': { module: 'raw', ...settings } } })

describe('a title', () => {
  it.each([{ title: 'Chat' }, { title: { en: 'Chat', 'zh-CN': '聊天' } }])('%j is taken', async (settings) => {
    expect((await folder.load(line(settings))).mounts[0]).toMatchObject(settings)
  })

  it.each([
    [{}, 'rooms./a.title: expected at least one language, got an object'],
    [{ english: ' ' }, 'rooms./a.title.english: expected a title of 1 to 120 characters'],
    [{ 'not a language': 'x' }, 'rooms./a.title'],
    [5, 'rooms./a.title: expected a title, or one per language such as {"en": "Chat", "zh": "聊天"}, got 5'],
    ['', 'rooms./a.title: expected a title of 1 to 120 characters'],
  ])('%j is a mistake', async (title, mistake) => {
    const [first = '', ...more] = await folder.mistakes(line({ title }))
    expect(first).toContain(mistake)
    expect(more).toEqual([])
  })
})

describe('a page', () => {
  it('is a file relative to rooms.json', async () => {
    const page = folder.put('pages/quiz.html', '<!doctype html>')
    expect((await folder.load(line({ page: 'pages/quiz.html' }))).mounts[0]).toMatchObject({ page })
  })

  it.each([
    [line({ page: 'quiz.html' }), 'rooms./a.page: expected a file that is there, got'],
    [line({ page: 'raw.ts' }), 'rooms./a.page: expected the name of an HTML file, such as "quiz.html", got "raw.ts"'],
    [line({ page: 5 }), 'rooms./a.page: expected the name of an HTML file, such as "quiz.html", got 5'],
    [
      { defaults: { page: 'x.html' }, rooms: { '/a': { module: 'raw' }, '/b': { module: 'raw' } } },
      'defaults.page: expected a file that is there, got',
    ],
  ])('%j is a mistake, reported once', async (content, mistake) => {
    const [first = '', ...more] = await folder.mistakes(content)
    expect(first).toContain(mistake)
    expect(more).toEqual([])
  })
})

describe('what a room keeps', () => {
  it('is bounded for the room and for the server, and may be forgotten', async () => {
    const { mounts, server } = await folder.load({
      ...line({ limits: { storage: '2MiB' }, forgetAfter: '90d' }),
      server: { limits: { storage: '3GiB' } },
    })
    expect(mounts[0]).toMatchObject({
      limits: { storageBytes: 2 * 1024 ** 2 },
      forgetAfterMs: 90 * 86_400_000,
      history: { forgetAfterMs: 90 * 86_400_000 },
    })
    expect(server.limits.storageBytes).toBe(3 * 1024 ** 3)
    expect((await folder.load(line({ forgetAfter: 'never' }))).mounts[0]?.forgetAfterMs).toBeUndefined()
  })

  it.each([
    [{ forgetAfter: 'soon' }, 'rooms./a.forgetAfter: expected "never" or a duration such as "90d", got "soon"'],
    [{ forgetAfter: '1s' }, 'rooms./a.forgetAfter: expected'],
    [{ limits: { storage: '2GiB' } }, 'rooms./a.limits.storage: expected a size from 1B to 1GiB, got "2GiB"'],
  ])('%j is a mistake', async (settings, mistake) => {
    expect((await folder.mistakes(line(settings)))[0]).toContain(mistake)
  })
})
