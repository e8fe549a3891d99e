/** Pages of one's own and titles in the reader's language, in a real browser. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineRoom } from 'corridor'
import { afterAll, expect, it } from 'vitest'
import { z } from 'zod'
import { pageText } from '../../src/cli/init-template.ts'
import { openPages } from '../support/browser.ts'

const fixture = openPages()
const folder = mkdtempSync(join(tmpdir(), 'corridor-own-page-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** As `corridor init` writes it. */
const wave = defineRoom({
  receives: { wave: z.object({ at: z.string() }) },
  sends: { waved: z.object({ from: z.string(), at: z.string() }), greeting: z.string() },
  open: (room) => ({
    join: (peer) => peer.send('greeting', `hello, ${peer.name}`),
    receive: { wave: (peer, { at }) => room.publish('waved', { from: peer.name, at }) },
  }),
})

it('the page that `corridor init` writes works as it is, below any path, and ours is at ?console', async () => {
  const page = join(folder, 'wave.html')
  writeFileSync(page, pageText())
  await fixture.start({ rooms: { '/wave': { definition: wave, page } }, env: { BASE_PATH: '/sub' } })
  const ann = await fixture.open('/wave')
  const bob = await fixture.open('/wave')
  await ann.page.getByText('open', { exact: true }).waitFor()
  await bob.page.getByText('open', { exact: true }).waitFor()
  await ann.page.getByLabel('Wave at').fill('<b>bob</b>')
  await ann.page.getByRole('button', { name: 'Wave' }).click()
  await bob.page.getByText('waves at <b>bob</b>').waitFor()
  ann.quiet()
  const ours = await fixture.open('/wave?console')
  await ours.page.locator('.console').waitFor()
  ours.quiet()
})

it('titles and summaries are in the language of the reader, and of the switch', async () => {
  const definition = defineRoom({ summary: { en: 'Says nothing.', zh: '什么也不说。' }, open: () => ({}) })
  await fixture.start({ rooms: { '/quiet': { definition, title: { en: 'Quiet', zh: '安静' } } } })
  const { page, quiet } = await fixture.open('/', { locale: 'zh-CN' })
  await page.getByText('安静').waitFor()
  await page.getByText('什么也不说。').waitFor()
  await page.locator('button[data-language]').click()
  await page.getByText('Quiet', { exact: true }).waitFor()
  quiet()
  const room = await fixture.open('/quiet', { locale: 'zh-CN' })
  await room.page.getByText('安静').first().waitFor()
  await expect.poll(() => room.page.title()).toBe('安静')
  await room.page.locator('button[data-language]').click()
  await expect.poll(() => room.page.title()).toBe('Quiet')
  room.quiet()
})
