/** What a page costs: how many requests, compressed or not, and what is asked for again when it is opened a second time. */
import { describe, expect, test } from 'vitest'
import { bundleScripts } from '../../src/transports/http/bundle.ts'
import { connected, openPages } from '../support/browser.ts'
import { exchange, request as rawRequest } from '../support/raw.ts'

const fixture = openPages()
const HASHED = /\/assets\/[\w.-]+-[\w-]{16}\.(css|js|svg)$/

/** The address of every file that a page loads, as the page names it. */
async function filesOf(path: string): Promise<string[]> {
  const html = await (await fetch(`${fixture.server.url}${path}`, { headers: { accept: 'text/html' } })).text()
  const base = /<base href="([^"]+)"/.exec(html)?.[1] ?? '/'
  const names = Array.from(html.matchAll(/<(?:link|script|img)[^>]*(?:href|src)="([^"]+)"/g), ([, name = '']) => name)
  return [...new Set(names)].map((name) => new URL(name, new URL(base, fixture.server.url)).href)
}

describe.each(['', '/sub'])('under "%s/"', (base) => {
  const start = () => fixture.start({ env: base ? { BASE_PATH: base } : {} })

  test.each(['/', '/chat', '/echo', '/no/such/door'])(
    '%s loads few files, each of them compressed and for good',
    async (path) => {
      await start()
      const visitor = await fixture.open('/no/such/door')
      const requests: string[] = []
      visitor.page.on('request', (request) => requests.push(request.url()))
      await visitor.page.goto(`${fixture.server.url.replace(/\/$/, '')}${path}`)
      if (path === '/chat' || path === '/echo') await connected(visitor.page)
      else await visitor.page.locator('h1').waitFor()
      expect(requests.length).toBeLessThanOrEqual(12)
      const files = await filesOf(path)
      expect(files.length).toBeGreaterThanOrEqual(3)
      for (const file of files) {
        expect(file).toMatch(HASHED)
        const answer = await fetch(file, { headers: { 'accept-encoding': 'gzip, deflate, br' } })
        expect([file, answer.status]).toEqual([file, 200])
        expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
        expect(answer.headers.get('vary')).toContain('Accept-Encoding')
        if (Number(answer.headers.get('content-length')) > 1000)
          expect(answer.headers.get('content-encoding')).toBe('br')
      }
    },
  )

  test('a page that is opened again loads no file again', async () => {
    await start()
    const { page } = await fixture.open('/echo')
    await connected(page)
    await page.goto(`${fixture.server.url.replace(/\/$/, '')}/echo`)
    await connected(page)
    const loaded = await page.evaluate(() =>
      performance
        .getEntriesByType('resource')
        .filter((entry) => entry instanceof PerformanceResourceTiming && entry.name.includes('/assets/'))
        .map((entry) => [entry.name, (entry as PerformanceResourceTiming).transferSize]),
    )
    expect(loaded.length).toBeGreaterThanOrEqual(2)
    expect(loaded.filter(([, bytes]) => bytes !== 0)).toEqual([])
  })
})

test.each(['/', '/chat', '/client.js', '/style.css'])('%s is asked for again, and not sent again', async (path) => {
  const headers = { accept: 'text/html', 'accept-encoding': 'br' }
  const first = await fetch(`${fixture.server.url}${path}`, { headers })
  expect([first.status, first.headers.get('cache-control')]).toEqual([200, 'no-cache'])
  const etag = first.headers.get('etag') ?? ''
  const again = await fetch(`${fixture.server.url}${path}`, {
    headers: { ...headers, 'if-none-match': `W/"other", ${etag}` },
  })
  expect([again.status, await again.text()]).toEqual([304, ''])
  const other = await fetch(`${fixture.server.url}${path}`, { headers: { ...headers, 'if-none-match': '"other"' } })
  expect(other.status).toBe(200)
})

test('the encoding is the one that was asked for, and what is in it is the same', async () => {
  const get = async (encoding: string) => {
    const headers = [
      ['Host', '127.0.0.1'],
      ['Connection', 'close'],
      ['Accept-Encoding', encoding],
    ] as const
    return exchange(fixture.server.port, rawRequest('GET /style.css', headers))
  }
  const ways: Record<string, string | undefined> = {
    br: 'br',
    'gzip, deflate, br, zstd': 'br',
    gzip: 'gzip',
    'br;q=0, gzip': 'gzip',
    identity: undefined,
    'zstd, deflate': undefined,
    '': undefined,
  }
  const plain = await (
    await fetch(`${fixture.server.url}/style.css`, { headers: { 'accept-encoding': 'identity' } })
  ).text()
  for (const [asked, expected] of Object.entries(ways)) {
    const { headers } = await get(asked)
    expect([asked, headers['content-encoding']]).toEqual([asked, expected])
    const answer = await fetch(`${fixture.server.url}/style.css`, {
      headers: { 'accept-encoding': asked || 'identity' },
    })
    expect([asked, await answer.text()]).toEqual([asked, plain])
  }
})

describe('the modules of a page as one', () => {
  const bundle = (files: Record<string, string>) => bundleScripts(['a.js'], (name) => files[name] ?? '')
  test('keep their names apart and run in the order of their imports', async () => {
    const text = bundle({
      'a.js':
        "import { same as other } from './b.js'\nimport { two } from './c-d.js'\nconst same = 1\nglobalThis.got = [same, other(), two]\n",
      'b.js': "/** A word. */\nimport { two } from './c-d.js'\nexport function same() {\n  return two + 1\n}\n",
      'c-d.js': 'export const two = 2\n',
    })
    expect(text).not.toContain('A word')
    const got = new Function(`${text}; return globalThis.got`)()
    expect(got).toEqual([1, 3, 2])
  })

  test('are refused where they need each other, or say what is not understood', () => {
    expect(() => bundle({ 'a.js': "import { b } from './b.js'\n", 'b.js': "import { a } from './a.js'\n" })).toThrow(
      'a.js → b.js → a.js',
    )
    expect(() => bundle({ 'a.js': 'export default 1\n' })).toThrow('a.js: expected imports')
  })
})
