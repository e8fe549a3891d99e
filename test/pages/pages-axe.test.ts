/** Barriers that axe-core can find in the pages: every page, wide and narrow, light and dark, in both languages. */
import { defineRoom } from 'corridor'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { barriers } from '../support/barriers.ts'
import { connected, hears, openPages, say, type Visitor } from '../support/browser.ts'
import { SECRET } from '../support/tokens.ts'

const fixture = openPages()

/** A form with every kind of field, some of which may be left out. */
const form = defineRoom({
  receives: {
    book: z.object({
      day: z.iso.date(),
      seats: z.int().min(1).optional(),
      note: z.string().max(500).optional(),
      kind: z.enum(['inside', 'outside']).optional(),
      smoking: z.boolean(),
      more: z.array(z.string()).optional(),
      by: z.object({ name: z.string(), mail: z.email().optional() }),
    }),
  },
  sends: {},
  open: () => ({ receive: { book() {} } }),
})

const rooms = {
  '/chat': { module: 'chat' },
  '/r/:name': { module: 'chat' },
  '/echo': { module: 'echo' },
  '/tutorial/mes': { module: 'tutorial/mes' },
  '/tutorial/named': { module: 'tutorial/named' },
  '/tutorial/typed': { module: 'tutorial/typed' },
  '/form': { definition: form },
  '/locked': { module: 'chat', auth: { secret: SECRET } },
}

/** What is done on each page first, so that all of it is there to be looked at. */
const PAGES: Record<string, (visitor: Visitor) => Promise<unknown>> = {
  '/': async ({ page }) => {
    await fixture.server.connect('/r/tea')
    await page.locator('.chips a').waitFor()
  },
  '/chat': async ({ page }) => {
    await connected(page)
    const ann = await fixture.enter('Ann')
    await say(ann.page, 'look at https://example.org/a_(b)')
    await hears(page, 'look at')
    await page.locator('textarea').fill('mine')
    await page.keyboard.press('Enter')
    await page.locator('.message.mine:not([data-pending])').waitFor()
  },
  '/echo': async ({ page }) => {
    await connected(page)
    await page.locator('textarea').fill('{"a": 1}')
    await page.keyboard.press('Enter')
    await page.locator('.frame.in').waitFor()
  },
  '/form': async ({ page }) => {
    await connected(page)
    await page
      .getByRole('button', { name: 'Send' })
      .or(page.getByRole('button', { name: '发送' }))
      .click()
    await page.locator('.field-error:not(:empty)').first().waitFor()
  },
  '/locked': async ({ page }) => {
    await page.locator('#token').fill('wrong')
    await page.keyboard.press('Enter')
    await page.locator('#token[aria-invalid]').waitFor()
  },
  '/no/such/door': ({ page }) => page.locator('h1').waitFor(),
  '/chat?offset=nonsense': ({ page }) => page.locator('h1').waitFor(),
}

describe.each(['en-GB', 'zh-CN'])('in %s', (locale) => {
  it.each(Object.keys(PAGES))('%s has no barrier', async (path) => {
    await fixture.start({ rooms })
    const visitor = await fixture.open(path, { locale, name: 'Bo' })
    const { page } = visitor
    await PAGES[path]?.(visitor)
    expect(await barriers(page)).toEqual([])
  })
})
