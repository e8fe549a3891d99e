/** Titles and summaries in the reader's language: in the lobby, in a room's description. */
import { defineRoom } from 'corridor'
import { expect, it } from 'vitest'
import { inLanguage } from '../../src/localized.ts'
import { startServer } from '../support/server.ts'

const definition = defineRoom({ summary: { zh: '大家聊天', en: 'Talk' }, open: () => ({}) })
const rooms = {
  '/a': { definition, title: { 'zh-CN': '聊天', en: 'Chat', de: 'Plauderei' } },
  '/b': { definition: defineRoom({ summary: 'Plain', open: () => ({}) }), title: 'Title' },
}

it.each([
  ['de', 'Plauderei', 'Talk'],
  ['zh', '聊天', '大家聊天'],
  ['zh-CN,zh;q=0.9,en;q=0.8', '聊天', '大家聊天'],
  ['fr, de;q=0.5', 'Plauderei', 'Talk'],
  ['fr', 'Chat', 'Talk'],
  ['*', 'Chat', 'Talk'],
  ['', 'Chat', 'Talk'],
  ['en;q=0, zh', '聊天', '大家聊天'],
])('"%s" reads %s: %s', async (accepted, title, summary) => {
  const server = await startServer({ rooms })
  try {
    const get = async (path: string) => {
      const headers = { accept: 'application/json', 'accept-language': accepted }
      const response = await fetch(`${server.url}${path}`, { headers })
      expect(response.headers.get('vary')).toContain('Accept-Language')
      return response.json()
    }
    expect(await get('/a')).toMatchObject({ title, summary })
    const lobby = await get('/')
    expect(lobby.rooms).toMatchObject([
      { title, summary },
      { title: 'Title', summary: 'Plain' },
    ])
  } finally {
    await server.close()
  }
})

it('without English the first language is for everyone else', () => {
  expect(inLanguage({ zh: '聊天', de: 'Plauderei' })).toBe('聊天')
})
