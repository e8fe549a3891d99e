/** Messages older than the history that a new member of the chat gets, loaded in a real browser from a real server. */
import { expect, test } from 'vitest'
import { connected, hears, messages, openPages, say } from '../support/browser.ts'

const fixture = openPages()

const linesOf = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}.`)

/** A chat that keeps so many messages, in which Bo has said a hundred. */
async function talkative(keep: number): Promise<void> {
  await fixture.start({ rooms: { '/chat': { module: 'chat', history: { keep, replay: 50 } } } })
  await speak(1, 100)
}

async function speak(from: number, to: number): Promise<void> {
  const body = JSON.stringify(linesOf(from, to).map((text) => ({ type: 'message', data: { text } })))
  const headers = { 'Content-Type': 'application/json' }
  const { status } = await fetch(`${fixture.server.url}/chat?name=Bo`, { method: 'POST', headers, body })
  expect(status).toBe(204)
}

test('comes as one scrolls up, until the first is there; what one reads stays in sight', async () => {
  await talkative(1000)
  for (let first = 101; first < 500; first += 100) await speak(first, first + 99)
  const { page, quiet } = await fixture.enter('Ann')
  await hears(page, 'line 500.')
  expect(await messages(page)).toEqual(linesOf(451, 500))
  const scroll = page.locator('.scroll')
  const topmost = page.locator('.message', { hasText: 'line 451.' })
  await scroll.evaluate((element) => element.scrollTo(0, 0))
  const placeBefore = (await topmost.boundingBox())?.y ?? 0
  await hears(page, 'line 351.')
  expect(Math.abs(((await topmost.boundingBox())?.y ?? 0) - placeBefore)).toBeLessThan(40)
  for (const first of [251, 151, 51, 1]) {
    await scroll.evaluate((element) => element.scrollTo(0, 0))
    await hears(page, `line ${first}.`)
  }
  expect(await messages(page)).toEqual(linesOf(1, 500))
  expect(await page.getByRole('button', { name: 'Earlier messages' }).isHidden()).toBe(true)
  quiet()
})

test('comes by a button too, without scrolling', async () => {
  await talkative(1000)
  const { page, quiet } = await fixture.enter('Ann', '/chat', { viewport: { width: 800, height: 4000 } })
  await hears(page, 'line 100.')
  await page.getByRole('button', { name: 'Earlier messages' }).focus()
  await page.keyboard.press('Enter')
  await hears(page, 'line 1.')
  expect(await messages(page)).toEqual(linesOf(1, 100))
  quiet()
})

test('is not offered where all there was is shown', async () => {
  const { page, quiet } = await fixture.enter('Ann')
  await say(page, 'the very first')
  await hears(page, 'the very first')
  expect(await page.getByRole('button', { name: 'Earlier messages' }).isHidden()).toBe(true)
  quiet()
})

test('that is one’s own is shown as such', async () => {
  await fixture.start({ rooms: { '/chat': { module: 'chat', history: { keep: 100, replay: 1 } } } })
  const first = await fixture.enter('Ann')
  await say(first.page, 'mine of before')
  await hears(first.page, 'mine of before')
  await speak(1, 1)
  await hears(first.page, 'line 1.')
  await first.page.reload()
  await connected(first.page)
  await first.page.getByRole('button', { name: 'Earlier messages' }).click()
  await hears(first.page, 'mine of before')
  expect(await messages(first.page)).toEqual(['mine of before', 'line 1.'])
  expect(await first.page.locator('.message.mine .text').allTextContents()).toEqual(['mine of before'])
  first.quiet()
})

test('that the room does not keep any more is not missed, also where it was forgotten only now', async () => {
  await talkative(100)
  const { page, quiet } = await fixture.enter('Ann')
  await hears(page, 'line 100.')
  await speak(101, 120)
  await hears(page, 'line 120.')
  const earlier = page.getByRole('button', { name: 'Earlier messages' })
  await earlier.click()
  await hears(page, 'line 21.')
  expect(await messages(page)).toEqual(linesOf(21, 120))
  expect(await earlier.isHidden()).toBe(true)
  quiet()
})

test('can be asked for again where the network failed', async () => {
  await talkative(1000)
  const { page, context } = await fixture.enter('Ann')
  await hears(page, 'line 100.')
  await context.setOffline(true)
  await page.getByRole('button', { name: 'Earlier messages' }).click()
  const again = page.getByRole('button', { name: 'Loading failed. Try again' })
  await again.waitFor()
  await context.setOffline(false)
  await again.click()
  await hears(page, 'line 1.')
  expect(await messages(page)).toEqual(linesOf(1, 100))
})
