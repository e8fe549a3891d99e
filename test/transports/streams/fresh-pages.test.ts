/** A browser's cache in front of a room: a page reads what it has just said, and a page that did not change is not sent. */
import { afterEach, describe, expect, it } from 'vitest'
import { openPages } from '../../support/browser.ts'
import notes from '../../support/notes.ts'

describe("Chromium's fetch, with the cache it has", () => {
  const fixture = openPages()
  afterEach(() => fixture.stop())

  it.each(['offset=-1', 'before=now', 'before=now&limit=2', 'offset=-1&limit=500'])(
    'reads by %s what its page has just said',
    async (query) => {
      await fixture.start({ rooms: { '/notes': { definition: notes } } })
      const { page } = await fixture.open('/healthz')
      const statuses: number[] = []
      page.on('response', (answer) => {
        if (answer.url().includes('?')) statuses.push(answer.status())
      })
      const seen = await page.evaluate(
        async ({ url, query }) => {
          const read = async () => {
            const events: { data: { text: string } }[] = await (await fetch(`${url}?${query}`)).json()
            return events.at(-1)?.data.text
          }
          const headers = { 'Content-Type': 'application/json' }
          const texts: (string | undefined)[] = []
          for (const text of ['one', 'two', 'three']) {
            await fetch(url, { method: 'POST', headers, body: JSON.stringify({ type: 'note', data: { text } }) })
            texts.push(await read(), await read())
          }
          return texts
        },
        { url: `${fixture.server.url}/notes`, query },
      )
      expect(seen).toEqual(['one', 'one', 'two', 'two', 'three', 'three'])
      expect(statuses.every((status) => status === 200 || status === 304)).toBe(true)
    },
  )
})
