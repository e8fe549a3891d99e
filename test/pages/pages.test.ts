/** The lobby, the console and every page as such in a real browser; the chat has `chat-page.test.ts`. */
import { defineRoom } from 'corridor'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { connected, hears, openPages, say } from '../support/browser.ts'

/** A form longer than a screen. */
const long = defineRoom({
  receives: {
    book: z.object({
      day: z.iso.date(),
      at: z.iso.datetime(),
      mail: z.email(),
      link: z.url(),
      code: z
        .string()
        .regex(/^[a-z]{2}\d+$/)
        .describe('two letters, then digits'),
      steps: z.int().multipleOf(5),
      ...Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`more${n}`, z.string().optional()])),
    }),
  },
  sends: {},
  open: () => ({ receive: { book() {} } }),
})

const fixture = openPages()

describe('the lobby', () => {
  test('shows who is where, live, and leads in', async () => {
    const lobby = await fixture.open('/')
    const chat = lobby.page.locator('.room', { has: lobby.page.getByRole('link', { name: 'Chat', exact: true }) })
    await chat.locator('.people', { hasText: 'Nobody inside' }).waitFor()
    const ann = await fixture.enter('Ann')
    await chat.locator('.people', { hasText: '1 person' }).waitFor()
    await ann.context.close()
    await chat.locator('.people', { hasText: 'Nobody inside' }).waitFor()
    await chat.getByRole('link').click()
    await connected(lobby.page)
    expect(new URL(lobby.page.url()).pathname).toBe('/chat')
    lobby.quiet()
  })

  test('opens a room under a name of one’s own, and lists it while it is open', async () => {
    const ann = await fixture.open('/', { name: 'Ann' })
    await ann.page.getByLabel('Choose a name').fill('tea & 茶')
    await ann.page.keyboard.press('Enter')
    await connected(ann.page)
    expect(decodeURIComponent(new URL(ann.page.url()).pathname)).toBe('/r/tea & 茶')
    await say(ann.page, 'is the kettle on?')
    await hears(ann.page, 'is the kettle on?')

    const lobby = await fixture.open('/')
    await lobby.page.locator('.chips a').click()
    await hears(lobby.page, 'is the kettle on?')
    ann.quiet()
    lobby.quiet()
  })

  test.each(['team/blue', 'a\\b', '..', '.'])('says that %s cannot be the name of a room', async (name) => {
    const { page, quiet } = await fixture.open('/')
    const field = page.getByLabel('Choose a name')
    await field.fill(name)
    await page.keyboard.press('Enter')
    await page.getByText('A name cannot contain').waitFor()
    expect(await field.getAttribute('aria-invalid')).toBe('true')
    expect(new URL(page.url()).pathname).toBe('/')
    await field.fill('blue')
    await page.keyboard.press('Enter')
    await connected(page)
    quiet()
  })

  test('says which names are the server’s own', async () => {
    await fixture.start({ rooms: { '/:name': { module: 'chat' } } })
    const { page } = await fixture.open('/')
    for (const name of ['healthz', 'style.css']) {
      await page.getByLabel('Choose a name').fill(name)
      await page.keyboard.press('Enter')
      await page.getByText('No room can have this name').waitFor()
    }
    expect(new URL(page.url()).pathname).toBe('/')
  })

  test('shows first where somebody is, and says how the server is', async () => {
    await fixture.server.connect('/clock')
    await fixture.server.connect('/r/tea')
    const { page, quiet } = await fixture.open('/')
    await page.locator('.ajar', { hasText: 'Clock' }).waitFor()
    expect(await page.locator('.group h2').allTextContents()).toEqual(['Somebody is inside', 'Rooms', '/tutorial'])
    expect(await page.locator('.group').first().locator('.way').allTextContents()).toEqual(['Clock'])
    await page.getByText('The server is ready. People inside: 2. Rooms with people: 2.').waitFor()
    quiet()
  })

  test.each([320, 700, 1280])('is walked through by Tab in the order one sees, %s px wide', async (width) => {
    await fixture.server.connect('/r/tea')
    const { page } = await fixture.open('/', { viewport: { width, height: 800 } })
    await page.locator('.chips a').waitFor()
    const places = await page.evaluate(() =>
      [...document.querySelectorAll('#rooms :is(a, input, button)')].map((element) => {
        const { top, left, height } = (element.closest('.room:not(.wide)') ?? element).getBoundingClientRect()
        return { row: top + height, top, left }
      }),
    )
    for (const [at, place] of places.entries()) {
      const next = places[at + 1]
      // The next one is further down, or to the right of what stands beside it.
      if (next) expect(next.top >= place.row - 1 || next.left > place.left).toBe(true)
    }
  })

  test.each([
    ['/chat?offset=nonsense', 400, 'The address is malformed.'],
    ['/a%2fb', 400, 'The address is malformed.'],
    ['/%zz', 400, 'The address is malformed.'],
    ['/<b>', 404, 'There is no door here.'],
  ])('%s is answered with a page, not with JSON', async (path, status, words) => {
    const { page } = await fixture.open('/')
    const answer = await page.goto(`${fixture.server.url}${path}`)
    expect([answer?.status(), answer?.headers()['content-type']]).toEqual([status, 'text/html; charset=utf-8'])
    await page.getByText(words).waitFor()
    await page.getByRole('link', { name: 'Back to all the rooms' }).click()
    await page.getByRole('link', { name: 'Chat', exact: true }).waitFor()
  })

  test('a path without a room shows an error page with a link back', async () => {
    const lost = await fixture.open('/no/such/door')
    await lost.page.getByRole('heading', { name: 'There is no door here.' }).waitFor()
    await lost.page.getByRole('link', { name: 'Back to all the rooms' }).click()
    await lost.page.getByRole('link', { name: 'Chat', exact: true }).waitFor()
    lost.quiet(/404/)
  })
})

test('under a base path everything leads to where it stands', async () => {
  await fixture.start({ env: { BASE_PATH: '/sub' } })
  const ann = await fixture.open('/', { name: 'Ann' })
  await ann.page.getByRole('link', { name: 'Chat', exact: true }).click()
  await connected(ann.page)
  await say(ann.page, 'down here')
  await hears(ann.page, 'down here')
  expect(new URL(ann.page.url()).pathname).toBe('/sub/chat')
  await ann.page.getByRole('link', { name: 'Back to all the rooms' }).click()
  await ann.page.getByLabel('Choose a name').fill('tea')
  await ann.page.keyboard.press('Enter')
  await connected(ann.page)
  expect(new URL(ann.page.url()).pathname).toBe('/sub/r/tea')
  ann.quiet()
})

describe('the console', () => {
  test('sends text and bytes to a raw room and shows what comes back', async () => {
    const { page, quiet } = await fixture.open('/echo')
    await connected(page)
    await page.getByLabel('A text frame').fill('hello')
    await page.keyboard.press('Enter')
    await page.locator('.frame.in', { hasText: 'hello' }).waitFor()
    await page.getByRole('tab', { name: 'Bytes' }).click()
    await page.getByLabel('Bytes in hexadecimal').fill('00 ff 4')
    await page.keyboard.press('Enter')
    await page.getByText('Only hexadecimal digits').waitFor()
    await page.getByLabel('Bytes in hexadecimal').fill('00 ff 41')
    await page.keyboard.press('Enter')
    await page.locator('.frame.in .bytes', { hasText: '00 ff 41' }).waitFor()
    quiet()
  })

  test('makes a form of an event room’s schemas and sends a valid event', async () => {
    const { page, quiet } = await fixture.open('/tutorial/mes')
    await connected(page)
    await page.getByLabel('Type').selectOption('message')
    await page.getByRole('tabpanel').getByRole('textbox').first().fill('good day')
    await page.getByRole('button', { name: 'Send' }).click()
    await page.locator('.frame.in', { hasText: '"type":"mes"' }).waitFor()
    await page.locator('.frame.in', { hasText: '"type":"ack"' }).waitFor()
    expect(await page.locator('.frame.in', { hasText: '"type":"error"' }).count()).toBe(0)
    quiet()
  })

  test.each([
    [320, 568],
    [1280, 700],
  ])('keeps the button that sends in sight, %s × %s, and says in words what is expected', async (width, height) => {
    await fixture.start({ rooms: { '/form': { definition: long } } })
    const { page } = await fixture.open('/form', { viewport: { width, height } })
    await connected(page)
    const box = await page.getByRole('button', { name: 'Send' }).boundingBox()
    expect((box?.y ?? 9999) + (box?.height ?? 0)).toBeLessThanOrEqual(height)
    const field = (name: string) => page.getByLabel(name, { exact: true })
    for (const [name, wrong] of Object.entries({
      day: '25.11.2026',
      at: 'noon',
      mail: 'ann',
      link: 'example',
      code: 'x',
    })) {
      await field(name).fill(wrong)
    }
    await field('steps').fill('7')
    await page.getByRole('button', { name: 'Send' }).click()
    const errors = page.locator('.field-error:not(:empty)')
    await errors.first().waitFor()
    expect(await errors.allTextContents()).toEqual([
      'A date is expected, such as 2026-11-25',
      'A date and time is expected, such as 2026-11-25T14:05:00Z',
      'An e-mail address is expected, such as ann@example.org',
      'A web address is expected, such as https://example.org/',
      'The room expects another format: two letters, then digits',
      'A multiple of 5 is expected',
    ])
  })

  test('disconnects and connects by its buttons', async () => {
    const { page, quiet } = await fixture.open('/echo')
    await connected(page)
    await page.getByRole('button', { name: 'Disconnect' }).click()
    await page.locator('.state[data-state="closed"]').waitFor()
    await page.getByRole('button', { name: 'Connect', exact: true }).click()
    await connected(page)
    quiet()
  })
})

test.each(['/', '/chat', '/echo', '/tutorial/mes', '/no/such/door'])('%s fits a phone 320 px wide', async (path) => {
  const phone = { viewport: { width: 320, height: 568 } }
  const { page } = await fixture.open(path, { ...phone, name: 'W'.repeat(40) })
  if (path === '/chat') {
    await connected(page)
    await say(page, 'Averylongwordwithoutabreak'.repeat(20))
    await hears(page, 'Averylongword')
  }
  const { wide, view } = await page.evaluate(() => ({
    wide: Math.max(
      ...[document.documentElement, ...document.querySelectorAll('.place, .scroll, .console, main')].map(
        (e) => e.scrollWidth,
      ),
    ),
    view: window.innerWidth,
  }))
  expect(wide).toBeLessThanOrEqual(view)
})
