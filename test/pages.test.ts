/** The lobby, the console and every page as such in a real browser; the chat has `chat-page.test.ts`. */
import { describe, expect, test } from 'vitest'
import { connected, hears, openHouse, say } from './support/browser.ts'

const house = openHouse()

describe('the lobby', () => {
  test('shows who is where, live, and leads in', async () => {
    const lobby = await house.open('/')
    const chat = lobby.page.locator('.room', { has: lobby.page.getByRole('link', { name: 'Chat', exact: true }) })
    await chat.locator('.people', { hasText: 'Nobody inside' }).waitFor()
    const ann = await house.enter('Ann')
    await chat.locator('.people', { hasText: '1 person' }).waitFor()
    await ann.context.close()
    await chat.locator('.people', { hasText: 'Nobody inside' }).waitFor()
    await chat.getByRole('link').click()
    await connected(lobby.page)
    expect(new URL(lobby.page.url()).pathname).toBe('/chat')
    lobby.quiet()
  })

  test('opens a room under a name of one’s own, and lists it while it is open', async () => {
    const ann = await house.open('/', { name: 'Ann' })
    await ann.page.getByLabel('Choose a name').fill('tea & 茶')
    await ann.page.keyboard.press('Enter')
    await connected(ann.page)
    expect(decodeURIComponent(new URL(ann.page.url()).pathname)).toBe('/r/tea & 茶')
    await say(ann.page, 'is the kettle on?')
    await hears(ann.page, 'is the kettle on?')

    const lobby = await house.open('/')
    await lobby.page.locator('.chips a').click()
    await hears(lobby.page, 'is the kettle on?')
    ann.quiet()
    lobby.quiet()
  })

  test('a path without a room says so and leads back', async () => {
    const lost = await house.open('/no/such/door')
    await lost.page.getByRole('heading', { name: 'There is no door here.' }).waitFor()
    await lost.page.getByRole('link', { name: 'Back to all the rooms' }).click()
    await lost.page.getByRole('link', { name: 'Chat', exact: true }).waitFor()
    lost.quiet(/404/)
  })
})

test('under a base path everything leads to where it stands', async () => {
  await house.start({ env: { BASE_PATH: '/sub' } })
  const ann = await house.open('/', { name: 'Ann' })
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
    const { page, quiet } = await house.open('/echo')
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
    const { page, quiet } = await house.open('/tutorial/mes')
    await connected(page)
    await page.getByLabel('Type').selectOption('message')
    await page.getByRole('tabpanel').getByRole('textbox').first().fill('good day')
    await page.getByRole('button', { name: 'Send' }).click()
    await page.locator('.frame.in', { hasText: '"type":"mes"' }).waitFor()
    await page.locator('.frame.in', { hasText: '"type":"ack"' }).waitFor()
    expect(await page.locator('.frame.in', { hasText: '"type":"error"' }).count()).toBe(0)
    quiet()
  })

  test('disconnects and connects when told to', async () => {
    const { page, quiet } = await house.open('/echo')
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
  const { page } = await house.open(path, { ...phone, name: 'W'.repeat(40) })
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
