/**
 * A burst of frames as the pages take it: all of it is there and in order, it entered the page once per animation frame,
 * no more rows than fit are there at a time, and those that left come back when one scrolls to them.
 */
import { defineRoom } from 'corridor'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { connected, openPages, say, type Visitor } from '../support/browser.ts'

const BURST = 5000
/** Rows at most, with those of the last step. */
const MOST_ROWS = 600

/** Answers a number with so many frames at once. */
const burst = defineRoom({
  open: () => ({
    message(peer, data) {
      for (let n = 1; n <= Number(data); n += 1) peer.send(`frame ${n}.`)
    },
  }),
})

/** A chat that answers a number with so many messages at once. */
const chat = defineRoom({
  receives: {
    message: z.object({ text: z.string() }),
    rename: z.object({ name: z.string() }),
    typing: z.object({}).optional(),
  },
  sends: { message: z.object({ from: z.object({ id: z.string(), name: z.string() }), text: z.string() }) },
  open: (room) => ({
    receive: {
      message(_, { text }) {
        for (let n = 1; n <= Number(text); n += 1) {
          void room.publish('message', { from: { id: 'bo', name: 'Bo' }, text: `line ${n}.` })
        }
      },
      rename() {},
      typing() {},
    },
  }),
})

const fixture = openPages()
const rooms = {
  '/burst': { definition: burst, limits: { buffered: '16MiB' } },
  '/chat': { definition: chat, history: { keep: 10_000, replay: 50 }, limits: { buffered: '16MiB' } },
}

/** Counts, from now on, how often the layout is asked for, rows are added and frames drawn, and the most rows there were. */
async function watch({ page }: Visitor, list: string): Promise<void> {
  await page.evaluate((selector) => {
    const seen = { reads: 0, batches: 0, frames: 0, most: 0 }
    Object.assign(globalThis, { seen })
    const rows = document.querySelector(selector) as HTMLElement
    const countReads = (of: object, name: string) => {
      const known = Object.getOwnPropertyDescriptor(of, name)
      const { get } = known ?? {}
      if (!get) return
      Object.defineProperty(of, name, {
        ...known,
        get() {
          seen.reads += 1
          return get.call(this)
        },
      })
    }
    for (const name of ['scrollHeight', 'scrollTop', 'clientHeight']) countReads(Element.prototype, name)
    for (const name of ['offsetHeight', 'offsetTop']) countReads(HTMLElement.prototype, name)
    new MutationObserver(() => {
      seen.batches += 1
      seen.most = Math.max(seen.most, rows.childElementCount)
    }).observe(rows, { childList: true })
    const draw = () => {
      seen.frames += 1
      requestAnimationFrame(draw)
    }
    requestAnimationFrame(draw)
  }, list)
}

interface Seen {
  reads: number
  batches: number
  frames: number
  most: number
}

const seenBy = ({ page }: Visitor) => page.evaluate(() => (globalThis as unknown as { seen: Seen }).seen)

/** Scrolls up until the first row is there; returns every row seen on the way, in order. */
function scrollToTop({ page }: Visitor, scroll: string, rows: string, first: string): Promise<string[]> {
  return page.evaluate(
    async ([scroll, rows, first]) => {
      const element = document.querySelector(scroll as string) as HTMLElement
      let all: string[] = []
      // As many steps as could ever be needed: what does not come makes the test fail, not wait.
      for (let step = 0; step < 400; step += 1) {
        const shown = [...document.querySelectorAll(rows as string)].map((row) => row.textContent ?? '')
        const known = all.indexOf(shown.at(-1) ?? '')
        all = known < 0 ? [...shown, ...all] : [...shown, ...all.slice(known + 1)]
        if (shown[0] === first) break
        element.scrollTo(0, 0)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      return all
    },
    [scroll, rows, first],
  )
}

/** Each frame appends at most once and looks at the layout a few times, however many messages it brought. */
function expectBounded({ reads, batches, frames, most }: Seen): void {
  expect(batches).toBeLessThanOrEqual(frames + 1)
  expect(reads).toBeLessThan(BURST / 5 + frames * 12)
  expect(most).toBeLessThanOrEqual(MOST_ROWS)
}

const numbered = (word: string) => Array.from({ length: BURST }, (_, index) => `${word} ${index + 1}.`)

describe('a burst of 5,000 frames', () => {
  test('enters the console once per animation frame, and all of it is there', { timeout: 60_000 }, async () => {
    await fixture.start({ rooms })
    const visitor = await fixture.open('/burst')
    const { page } = visitor
    await connected(page)
    await watch(visitor, '.frames ol')
    await page.getByLabel('A text frame').fill(String(BURST))
    await page.keyboard.press('Enter')
    await page.locator('.frame.in pre', { hasText: `frame ${BURST}.` }).waitFor()
    expect(await page.locator('.tally').textContent()).toBe('5,000 in, 1 out')
    expectBounded(await seenBy(visitor))
    expect(await scrollToTop(visitor, '.frames', '.frame.in pre', 'frame 1.')).toEqual(numbered('frame'))
    expect((await seenBy(visitor)).most).toBeLessThanOrEqual(MOST_ROWS)
    visitor.quiet()
  })

  test('enters the chat once per animation frame, and all of it is there', { timeout: 60_000 }, async () => {
    await fixture.start({ rooms })
    const visitor = await fixture.enter('Ann')
    const { page } = visitor
    await watch(visitor, '.rows')
    await say(page, String(BURST))
    await page.locator('.message .text', { hasText: `line ${BURST}.` }).waitFor()
    expectBounded(await seenBy(visitor))
    expect(await scrollToTop(visitor, '.scroll', '.message .text', 'line 1.')).toEqual(numbered('line'))
    expect((await seenBy(visitor)).most).toBeLessThanOrEqual(MOST_ROWS)
    // And back down to the newest.
    await page.getByRole('button', { name: 'To the latest' }).click()
    await page.locator('.message .text', { hasText: `line ${BURST}.` }).waitFor()
    visitor.quiet()
  })
})

test('older rows are inserted up to the bound in memory, the newest of them first', async () => {
  const { page } = await fixture.open('/chat')
  await connected(page)
  // As a string: the test's own modules are not those of the page.
  const [taken, kept, shown] = await page.evaluate<string[][]>(`(async () => {
    const { Rows } = await import('/rows.js')
    const [scroll, list] = [document.createElement('div'), document.createElement('div')]
    scroll.append(list)
    document.body.append(scroll)
    const build = ({ text }) => {
      const row = document.createElement('p')
      row.textContent = text
      return [row]
    }
    const textsOf = (items) => items.map(({ text }) => text)
    const rows = new Rows(scroll, list, { most: 10, build })
    for (let n = 1; n <= 8; n += 1) rows.push({ text: 'new ' + n })
    rows.toEnd()
    const older = [1, 2, 3, 4, 5].map((n) => ({ text: 'old ' + n }))
    const taken = [...rows.insert(older, 0), ...rows.insert(older, 0)]
    return [textsOf(taken), textsOf(rows.items), [...list.children].map((row) => row.textContent)]
  })()`)
  const all = ['old 4', 'old 5', ...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => `new ${n}`)]
  expect(taken).toEqual(['old 4', 'old 5'])
  expect(kept).toEqual(all)
  expect(shown).toEqual(all)
})
