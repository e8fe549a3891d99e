/** The chat in a real browser: what people see of each other, of a restart, and of what goes wrong. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineRoom, RoomError } from 'corridor'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { connected, hears, messages, openPages, say } from '../support/browser.ts'
import { tell } from '../support/figures.ts'

/** Talks like a chat and refuses every first message. */
const strict = defineRoom({
  receives: {
    message: z.object({ text: z.string() }),
    rename: z.object({ name: z.string() }),
    typing: z.object({}).optional(),
  },
  sends: { message: z.object({ from: z.object({ id: z.string(), name: z.string() }), text: z.string() }) },
  open(room) {
    let said = 0
    return {
      receive: {
        message({ id, name }, { text }) {
          said += 1
          if (said % 2 === 1) throw new RoomError('not_now', 'quiet, please')
          return room.publish('message', { from: { id, name }, text })
        },
        rename() {},
        typing() {},
      },
    }
  },
})

const MARKUP = '<img src=x onerror=alert(1)>'
/** What a browser reports by itself while a server is away. */
const AWAY = /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket connection to/

const fixture = openPages()

test('two people talk, and one sees the other come and leave', async () => {
  const ann = await fixture.enter('Ann')
  const bo = await fixture.enter('Bo')
  await ann.page.locator('.came', { hasText: 'Bo joined' }).waitFor()
  await say(ann.page, 'good morning')
  await hears(bo.page, 'good morning')
  await say(bo.page, 'and to you')
  await hears(ann.page, 'and to you')

  expect(await ann.page.locator('.message.mine .text').allTextContents()).toEqual(['good morning'])
  expect(await bo.page.locator('.message:not(.mine) .author bdi').allTextContents()).toEqual(['Ann'])
  expect(await ann.page.locator('.members li bdi').allTextContents()).toEqual(['Ann', 'Bo'])

  await bo.page.close({ runBeforeUnload: true })
  await ann.page.locator('.gone', { hasText: 'Bo left' }).waitFor()
  await expect.poll(() => ann.page.locator('.members li bdi').allTextContents()).toEqual(['Ann'])
  ann.quiet()
  bo.quiet()
})

test('both come back by themselves after a restart and talk on, and nothing is missing or said twice', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'corridor-pages-'))
  await fixture.start({ env: { DATA_DIR: folder } })
  const ann = await fixture.enter('Ann')
  const bo = await fixture.enter('Bo')
  await say(ann.page, 'before the restart')
  await hears(bo.page, 'before the restart')

  const { port } = fixture.server
  await fixture.stop()
  await ann.page.locator('.state[data-state="waiting"]').waitFor()
  await say(ann.page, 'said while nobody could hear')
  await ann.page.locator('.message[data-pending][data-delivery="queued"]').waitFor()
  await fixture.start({ env: { DATA_DIR: folder, PORT: String(port) } })

  await Promise.all([connected(ann.page), connected(bo.page)])
  await hears(bo.page, 'said while nobody could hear')
  await say(bo.page, 'welcome back')
  await hears(ann.page, 'welcome back')
  const all = ['before the restart', 'said while nobody could hear', 'welcome back']
  expect(await messages(ann.page)).toEqual(all)
  expect(await messages(bo.page)).toEqual(all)
  expect(await ann.page.locator('[data-pending]').count()).toBe(0)
  ann.quiet(AWAY)
  bo.quiet(AWAY)
  await rm(folder, { recursive: true })
}, 40_000)

test('markup in names and messages stands there as text', async () => {
  const mallory = await fixture.enter(MARKUP)
  const ann = await fixture.enter('Ann')
  await say(mallory.page, `<script>alert(2)</script>${MARKUP}`)
  await hears(ann.page, `<script>alert(2)</script>${MARKUP}`)
  expect(await ann.page.locator('.message .author bdi').textContent()).toBe(MARKUP)
  expect(await ann.page.locator('.members li bdi').allTextContents()).toContain(MARKUP)
  const executions = await ann.page.locator('.rows img, .rows script, .members img').count()
  tell('BR1', 'elements made of markup', executions)
  expect(executions).toBe(0)
  ann.quiet()
  mallory.quiet()
})

test('a new name is shown to everyone and remembered', async () => {
  const ann = await fixture.enter('Ann')
  const bo = await fixture.enter('Bo')
  await bo.page.getByRole('button', { name: 'Change your name' }).click()
  await bo.page.getByLabel('What shall we call you?').fill('Bohumil')
  await bo.page.keyboard.press('Enter')
  await ann.page.locator('.renamed', { hasText: 'Bo is now Bohumil' }).waitFor()
  await say(bo.page, 'it is me')
  await ann.page.locator('.author bdi', { hasText: 'Bohumil' }).waitFor()
  expect(await bo.page.evaluate(() => localStorage.getItem('corridor.name'))).toBe('Bohumil')
})

test('one sees that another is typing, until the message is there', async () => {
  const ann = await fixture.enter('Ann')
  const bo = await fixture.enter('Bo')
  await bo.page.getByLabel('Your message').pressSequentially('he')
  await ann.page.locator('.typing', { hasText: 'Bo is typing' }).waitFor()
  await say(bo.page, 'hello')
  await hears(ann.page, 'hello')
  await expect.poll(() => ann.page.locator('.typing').textContent()).toBe('')
})

test('a message that is too long is not sent, and the page shows by how much', async () => {
  const ann = await fixture.enter('Ann')
  await ann.page.getByLabel('Your message').fill('x'.repeat(4001))
  await ann.page.locator('.composer .count', { hasText: '1 character too long' }).waitFor()
  await ann.page.keyboard.press('Enter')
  expect(await ann.page.locator('.message').count()).toBe(0)
  await ann.page.keyboard.press('Backspace')
  await ann.page.keyboard.press('Enter')
  await hears(ann.page, 'xxx')
})

test('a message the room refuses says why, and can be sent again or discarded', async () => {
  await fixture.start({ rooms: { '/strict': { definition: strict } } })
  const { page } = await fixture.enter('Ann', '/strict')
  await say(page, 'first')
  const failed = page.locator('.message[data-delivery="failed"]')
  await failed.locator('.delivery', { hasText: 'Not sent: quiet, please' }).waitFor()
  await failed.getByRole('button', { name: 'Send again' }).click()
  await hears(page, 'first')
  expect(await messages(page)).toEqual(['first'])

  await say(page, 'second')
  await failed.getByRole('button', { name: 'Discard' }).click()
  expect(await messages(page)).toEqual(['first'])
})

test.each([
  ['see https://en.wikipedia.org/wiki/Tea_(meal).', ['https://en.wikipedia.org/wiki/Tea_(meal)']],
  ['(see https://example.org/a)', ['https://example.org/a']],
  ['[https://example.org/a[1]] and https://example.org/b!', ['https://example.org/a[1]', 'https://example.org/b']],
  ['https://example.org/((a)) http://x', ['https://example.org/((a))', 'http://x']],
  ['javascript:alert(1) ftp://a.b https://', []],
])('in "%s" the addresses are links, with the brackets that are theirs', async (text, links) => {
  const ann = await fixture.enter('Ann')
  await say(ann.page, text)
  await hears(ann.page, text)
  expect(await ann.page.locator('.message a').allTextContents()).toEqual(links)
  expect(await messages(ann.page)).toEqual([text])
})

test('the keyboard alone is enough', async () => {
  // Where a screen keyboard would open, the page takes no focus by itself.
  const ann = await fixture.enter('Ann', '/chat', { isMobile: true, hasTouch: true })
  await ann.page.keyboard.press('Tab')
  expect(await ann.page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the room')
  await ann.page.keyboard.press('Enter')
  await ann.page.keyboard.type('first line')
  await ann.page.keyboard.press('Shift+Enter')
  await ann.page.keyboard.type('second line')
  await ann.page.keyboard.press('Enter')
  await hears(ann.page, 'second line')
  expect(await messages(ann.page)).toEqual(['first line\nsecond line'])
  expect(new URL(ann.page.url()).pathname).toBe('/chat')
})

test('Enter that ends a word of an input method does not send', async () => {
  const ann = await fixture.enter('Ann')
  const field = ann.page.getByLabel('Your message')
  await field.fill('ni hao')
  await field.dispatchEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true })
  expect(await field.inputValue()).toBe('ni hao')
  await field.dispatchEvent('keydown', { key: 'Enter', bubbles: true })
  await hears(ann.page, 'ni hao')
})

test('what is new below is offered, not forced on a reader further up', async () => {
  const ann = await fixture.enter('Ann')
  const bo = await fixture.enter('Bo')
  for (let line = 1; line <= 30; line++) await say(bo.page, `line ${line}`)
  await hears(ann.page, 'line 30')
  const scroll = ann.page.locator('.scroll')
  await scroll.evaluate((element) => element.scrollTo(0, 0))
  await ann.page.getByRole('button', { name: 'To the latest' }).waitFor()
  await say(bo.page, 'news')
  await ann.page.getByRole('button', { name: '1 new message' }).waitFor()
  expect(await scroll.evaluate((element) => element.scrollTop)).toBe(0)
  await ann.page.getByRole('button', { name: '1 new message' }).click()
  await expect
    .poll(() => scroll.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight < 2))
    .toBe(true)
})

test('a Chinese reader reads Chinese, and can switch in place', async () => {
  const li = await fixture.open('/chat', { locale: 'zh-CN' })
  await connected(li.page)
  expect(await li.page.locator('html').getAttribute('lang')).toBe('zh-CN')
  expect(await li.page.locator('.state').textContent()).toBe('已连接')
  await li.page.getByLabel('你的消息').fill('大家好')
  await li.page.keyboard.press('Enter')
  await hears(li.page, '大家好')
  await li.page.getByRole('button', { name: 'Switch to English' }).click()
  expect(await li.page.locator('.state').textContent()).toBe('Connected')
  expect(await messages(li.page)).toEqual(['大家好'])
  li.quiet()
})
