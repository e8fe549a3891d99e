/**
 * A room with `auth` as a real browser meets it: its page with and without the cookie that opens it, and a page of
 * another site that would use its visitor's cookie (catalogue: AU1).
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { connected, hears, messages, openPages, say, type VisitOptions } from '../support/browser.ts'
import { tellWrong } from '../support/figures.ts'
import { bearer, inSeconds, SECRET, sign } from '../support/tokens.ts'

const fixture = openPages()
const auth = { secret: SECRET, cookie: 'pass' }
const start = () =>
  fixture.start({
    rooms: {
      '/chat': { module: 'chat', auth },
      '/echo': { module: 'echo', auth },
      '/r/:name': { module: 'chat', auth },
    },
  })

/** A browser that has the room's cookie. */
async function withPass(claims: Record<string, unknown> = {}): Promise<VisitOptions> {
  const value = await sign({ sub: 'ann', name: 'Ann', ...claims })
  const cookie = {
    name: 'pass',
    value,
    domain: '127.0.0.1',
    path: '/',
    expires: -1,
    httpOnly: true,
    secure: false,
    sameSite: 'Lax' as const,
  }
  return { storageState: { cookies: [cookie], origins: [] } }
}

describe('the card of a locked room in the lobby', () => {
  it.each([320, 1100])('says that it is locked below its name, and not beside its link, %s px wide', async (width) => {
    await start()
    const { page } = await fixture.open('/', { viewport: { width, height: 800 } })
    const left = (part: string) =>
      page
        .locator('.room.locked:not(.wide)', { hasText: '/chat' })
        .locator(part)
        .evaluate((element) => element.getBoundingClientRect().left)
    await page.getByText('Locked', { exact: true }).first().waitFor()
    expect(await left('.people')).toBe(await left('.about'))
    expect(await left('.about')).toBeLessThan(130)
  })
})

describe('the page of a locked room', () => {
  it.each(['/chat', '/echo'])(
    '%s says that it is locked to those without a token, and nothing else of it',
    async (path) => {
      await start()
      for (const options of [{}, await withPass({ exp: inSeconds(-60) })]) {
        const visitor = await fixture.open(path, options)
        await visitor.page.getByRole('main').getByText('This room is locked.').waitFor()
        expect(await visitor.page.locator('.state').isVisible()).toBe(false)
        expect(await visitor.page.locator('.composer, .frames, .members').count()).toBe(0)
        visitor.quiet(/401/)
      }
    },
  )

  it.each(['/chat', '/echo'])('%s opens with a token that is typed in, which stays in the tab', async (path) => {
    await start()
    const { page, quiet } = await fixture.open(path)
    const field = page.getByLabel('Your token')
    await field.fill(await sign({ sub: 'ann', exp: inSeconds(-60) }))
    await page.keyboard.press('Enter')
    await page.getByText('This token has expired. Get a new one.').waitFor()
    await field.fill('no.such.token')
    await page.keyboard.press('Enter')
    await page.getByText('This token is not valid for this room.').waitFor()
    expect(await field.getAttribute('aria-invalid')).toBe('true')
    await field.fill(`Bearer ${await sign({ sub: 'ann', name: 'Ann' })}`)
    await page.keyboard.press('Enter')
    await connected(page)
    expect(page.url()).toBe(`${fixture.server.url}${path}`)
    await page.reload()
    await connected(page)
    if (path === '/chat') {
      await say(page, 'let in')
      await hears(page, 'let in')
    }
    expect(await page.evaluate(() => [Object.keys(sessionStorage).length > 0, JSON.stringify(localStorage)])).toEqual([
      true,
      expect.not.stringContaining('ey'),
    ])
    quiet(/401/)
  })

  it('reads earlier messages and members with the token too', async () => {
    await start()
    const token = await sign({ sub: 'bo', name: 'Bo' })
    const body = JSON.stringify(
      Array.from({ length: 80 }, (_, n) => ({ type: 'message', data: { text: `line ${n}.` } })),
    )
    const headers = { ...bearer(token), 'Content-Type': 'application/json' }
    expect((await fetch(`${fixture.server.url}/chat`, { method: 'POST', headers, body })).status).toBe(204)
    const { page, quiet } = await fixture.open('/chat')
    await page.getByLabel('Your token').fill(token)
    await page.keyboard.press('Enter')
    await hears(page, 'line 79.')
    await page.locator('.scroll').evaluate((element) => element.scrollTo(0, 0))
    await hears(page, 'line 0.')
    quiet(/401/)
  })

  it('opens to a visitor with the cookie, under the name it holds', async () => {
    await start()
    const ann = await fixture.open('/chat', await withPass())
    await connected(ann.page)
    await say(ann.page, 'let in')
    await hears(ann.page, 'let in')
    expect(await messages(ann.page)).toEqual(['let in'])
    const kept = await fetch(`${fixture.server.url}/chat?offset=-1`, { headers: bearer(await sign({ sub: 'x' })) })
    expect(await kept.json()).toMatchObject([{ data: { from: { id: 'ann', name: 'Ann' }, text: 'let in' } }])
    ann.quiet()
  })

  it('is left when its pass ends, and does not come back by itself', async () => {
    await start()
    const ann = await fixture.open('/chat', await withPass({ exp: inSeconds(4) }))
    await connected(ann.page)
    await ann.page.locator('.state[data-state="closed"]').waitFor()
    ann.quiet()
  })

  it('stands in the lobby as locked, also with members inside', async () => {
    await start()
    await fixture.server.connect('/r/conspiracy', {}, { headers: bearer(await sign({ sub: 'bob' })) })
    const visitor = await fixture.open('/')
    await visitor.page.getByText('Locked').first().waitFor()
    expect(await visitor.page.content()).not.toContain('conspiracy')
    visitor.quiet()
  })
})

describe('a page of another site', () => {
  tellWrong('AU1', 'leaks to a real page of another site')
  it('cannot use the cookie of its visitor: not for a WebSocket, a stream or a message', async () => {
    await start()
    const elsewhere = createServer((_, response) =>
      response.setHeader('Content-Type', 'text/html').end('<title>evil</title>'),
    )
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
    const { port } = elsewhere.address() as AddressInfo
    // The same host on another port: the browser counts it as the same site, and sends the cookie along.
    const victim = await fixture.open('/chat', await withPass())
    await connected(victim.page)
    await victim.page.goto(`http://127.0.0.1:${port}/`)
    const got = await victim.page.evaluate(async (url) => {
      const socket = new Promise((resolve) => {
        const ws = new WebSocket(url.replace('http', 'ws'))
        ws.onopen = () => resolve('open')
        ws.onerror = () => resolve('refused')
      })
      const stream = (query: string) =>
        new Promise((resolve) => {
          const source = new EventSource(url + query, { withCredentials: true })
          source.addEventListener('data', () => resolve('heard'))
          source.onopen = () => resolve('open')
          source.onerror = () => resolve('refused')
        })
      const body = '{"type":"message","data":{"text":"forged"}}'
      const post = (type: string, mode: RequestMode) =>
        fetch(url, { method: 'POST', mode, credentials: 'include', headers: { 'Content-Type': type }, body }).then(
          ({ type, status }) => `${type} ${status}`,
          () => 'refused',
        )
      const read = fetch(`${url}?offset=-1`, { credentials: 'include' })
        .then((answer) => answer.text())
        .catch(() => 'refused')
      return Promise.all([
        socket,
        stream('?offset=-1&live=sse'),
        stream('?live=sse&client=evil'),
        post('text/plain', 'no-cors'),
        post('application/json', 'cors'),
        read,
      ])
    }, `${fixture.server.url}/chat`)
    // An opaque answer is one the page cannot look into; that nothing was kept is looked at below.
    expect(got).toEqual([
      'refused',
      'refused',
      'refused',
      expect.stringMatching(/^(opaque 0|refused)$/),
      'refused',
      'refused',
    ])
    const kept = await fetch(`${fixture.server.url}/chat?offset=-1`, { headers: bearer(await sign({ sub: 'x' })) })
    expect(await kept.json()).toEqual([])
    const refusals = (await (await fetch(`${fixture.server.url}/metrics`)).text()).match(
      /refusals_total\{code="foreign_origin"\} (\d+)/,
    )
    expect(Number(refusals?.[1])).toBeGreaterThanOrEqual(5)
    await new Promise((resolve) => elsewhere.close(resolve))
  })
})
