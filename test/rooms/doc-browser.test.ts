/**
 * Two browsers type into one document through stock y-websocket providers, while the server is killed between keystrokes
 * and started again on the same data: both end with the same text, and nothing that was typed is missing.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Victim } from '../kill/victim.ts'
import { CHROMIUM_ARGUMENTS } from '../support/browser.ts'
import { need } from '../support/components.ts'
import { docClient } from '../support/doc-client.ts'
import { writeDocPage } from '../support/doc-page.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { seeded } from '../support/random.ts'

const KILLS = 6
const KEYS_BETWEEN = 12

const program = need('chromium')
const timings: number[] = []
let browser: Browser
let victim: Victim

beforeAll(async () => {
  if (!program) return
  browser = await chromium.launch({ executablePath: program, args: CHROMIUM_ARGUMENTS })
  victim = await Victim.make()
  const rooms = { '/doc/:id': { module: join(import.meta.dirname, '../../rooms/doc.ts') } }
  const limits = { rate: { perSecond: 500, burst: 1000 } }
  writeFileSync(join(victim.folder, 'rooms.json'), JSON.stringify({ defaults: { limits }, rooms }))
  await writeDocPage(publicFolder())
})

afterAll(async () => {
  await browser?.close()
  await victim?.remove()
})

const publicFolder = () => join(victim.folder, 'public')
const start = () => victim.start([], { PUBLIC: publicFolder() })

/** A visitor of the page, in sync. */
async function opened(): Promise<Page> {
  const page = await browser.newPage()
  await page.goto(`${victim.url}page.html`)
  await synced(page)
  await page.locator('textarea').focus()
  return page
}

const synced = (page: Page) => page.locator('body[data-synced="true"]').waitFor({ timeout: PATIENCE_MS })
const textOf = (page: Page) => page.locator('textarea').inputValue()

it('two pages end with one text, though the server is killed between keystrokes', async () => {
  await start()
  const [ann, bob] = await Promise.all([opened(), opened()])
  const typed = { ann: '', bob: '' }
  const { below } = seeded(12)
  /** A key on each page; every letter says whose it is. */
  const press = async (count: number) => {
    for (let i = 0; i < count; i += 1) {
      const letter = String.fromCharCode(97 + below(26))
      typed.ann += letter
      typed.bob += letter.toUpperCase()
      await Promise.all([ann.keyboard.press(letter), bob.keyboard.press(letter.toUpperCase())])
    }
  }
  for (let kill = 0; kill < KILLS; kill += 1) {
    await press(1 + below(KEYS_BETWEEN))
    await victim.kill()
    await press(below(4))
    const begin = performance.now()
    await start()
    // Every other time it is killed again before anybody is back.
    if (kill % 2 === 0) await Promise.all([synced(ann), synced(bob)])
    timings.push(performance.now() - begin)
  }
  await press(5)
  await expect.poll(async () => (await textOf(ann)).length).toBe(typed.ann.length * 2)
  await expect.poll(() => textOf(bob)).toBe(await textOf(ann))
  const text = await textOf(ann)
  expect(text.replace(/[A-Z]/g, '')).toBe(typed.ann)
  expect(text.replace(/[a-z]/g, '')).toBe(typed.bob)

  // What the server has kept, without anybody to remind it.
  await Promise.all([ann.close(), bob.close()])
  await victim.kill()
  await start()
  using reader = docClient(`${victim.url.replace('http', 'ws')}doc`, 'tea')
  await expect.poll(() => reader.text.toString()).toBe(text)
  if (process.env.FIGURES)
    process.stdout.write(`${typed.ann.length * 2} keys, ${KILLS} kills, ${timings.map(Math.round)}\n`)
})
