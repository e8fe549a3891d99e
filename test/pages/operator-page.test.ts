/** The operator's board in a real browser: the token, the rooms, one room, and what is done to it after a question. */
import { defineRoom } from 'corridor'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { barriers } from '../support/barriers.ts'
import { openPages, type Visitor } from '../support/browser.ts'
import { ADMIN_TOKEN } from '../support/operator.ts'

const fixture = openPages()
const broken = defineRoom({ open: () => Promise.reject(new Error('no database')) })
/** What the browser itself says of a refused request. */
const REFUSED = /401|Failed to load resource/

async function start(env: Record<string, string> = {}) {
  const rooms = { '/chat': { module: 'chat' }, '/r/:name': { module: 'chat' }, '/broken': { definition: broken } }
  await fixture.start({ rooms, env: { ADMIN_TOKEN, ...env } })
  fixture.server.expectError(/open failed/)
}

async function enter(visitor: Visitor, token = ADMIN_TOKEN): Promise<Page> {
  const { page } = visitor
  await page.locator('#token').fill(token)
  await page.keyboard.press('Enter')
  return page
}

const row = (page: Page, path: string) => page.locator(`tr[data-key="${path}"]`)
const cell = (page: Page, path: string, name: string) => row(page, path).locator(`.${name}`)

describe('the lobby', () => {
  it('leads to the board where there is one', async () => {
    await start({ BASE_PATH: '/sub' })
    const { page, quiet } = await fixture.open('/')
    await page.getByRole('link', { name: 'For the operator' }).click()
    await page.getByRole('heading', { name: 'The operator’s board' }).waitFor()
    quiet()
    await fixture.start({})
    const lobby = await fixture.open('/')
    await lobby.page.locator('.room').first().waitFor()
    expect(await lobby.page.getByRole('link', { name: 'For the operator' }).count()).toBe(0)
    expect((await fetch(`${fixture.server.url}/admin/`)).status).toBe(404)
  })
})

describe('the board', () => {
  it('asks for the token, keeps it for this tab alone, and forgets it', async () => {
    await start()
    const visitor = await fixture.open('/admin/')
    const page = await enter(visitor, 'wrong-token')
    await page.getByText('This is not the token of this server.').waitFor()
    expect(await page.locator('.board').isVisible()).toBe(false)
    await enter(visitor, `Bearer ${ADMIN_TOKEN}`)
    await page.locator('.board').waitFor()
    const stored = await page.evaluate(() => [
      JSON.stringify(sessionStorage),
      JSON.stringify(localStorage),
      document.cookie,
    ])
    expect(stored.map((text) => text.includes('a-token-of-the-operator'))).toEqual([true, false, false])
    expect(page.url()).not.toContain('token')
    await page.reload()
    await page.locator('.board').waitFor()
    await page.getByRole('button', { name: 'Forget the token' }).click()
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0)
    expect(await page.locator('#token').isVisible()).toBe(true)
    visitor.quiet(REFUSED)
  })

  it('shows the rooms as they change, failed and closed ones too', async () => {
    await start()
    const ann = await fixture.server.connect('/r/tea', { name: 'Ann' })
    await expect(fixture.server.connect('/broken')).rejects.toThrow('503')
    const visitor = await fixture.open('/admin/')
    const page = await enter(visitor)
    await expect.poll(() => cell(page, '/r/tea', 'members').textContent()).toBe('1')
    expect(await cell(page, '/broken', 'state').textContent()).toBe('failed')
    await fixture.server.connect('/chat', { name: 'Bo' })
    await row(page, '/chat').waitFor()
    expect(await page.getByRole('columnheader', { name: 'Node' }).count()).toBe(0)
    expect(await cell(page, '/chat', 'node').isVisible()).toBe(false)
    ann.send('message', { text: 'hello' }, '1')
    await expect.poll(() => cell(page, '/r/tea', 'events').textContent()).toBe('1')
    await page.getByRole('button', { name: '中文' }).or(page.locator('[data-language]')).first().click()
    await page.getByRole('heading', { name: '管理面板' }).waitFor()
    expect(await cell(page, '/broken', 'state').textContent()).toBe('打开失败')
    visitor.quiet()
  })

  it('sends a peer out, restarts, clears and erases, each after a question', async () => {
    await start()
    const ann = await fixture.server.connect('/chat', { name: 'Ann' })
    const bo = await fixture.server.connect('/chat', { name: 'Bo' })
    ann.send('message', { text: 'hello' }, '1')
    await ann.next('ack')
    const visitor = await fixture.open('/admin/')
    const page = await enter(visitor)
    await page.getByRole('button', { name: 'Look inside: /chat' }).click()
    await page.getByRole('button', { name: 'Send out: Ann' }).click()
    await page.getByRole('button', { name: 'Cancel' }).click()
    expect(await page.locator('.peers li').count()).toBe(2)
    const act = async (name: string, question: string) => {
      await page.getByRole('button', { name, exact: true }).first().click()
      const confirm = page.getByRole('dialog', { name: question })
      await confirm.getByRole('button').nth(1).click()
      await confirm.waitFor({ state: 'hidden' })
    }
    await act('Send out: Ann', 'Send Ann out of the room?')
    expect((await ann.closed).code).toBe(4403)
    await expect.poll(() => page.locator('.peers li').count()).toBe(1)
    await act('Clear the history', 'Clear the history of /chat?')
    await bo.next('reset')
    await act('Restart', 'Restart /chat?')
    expect((await bo.closed).code).toBe(1012)
    await act('Erase', 'Erase /chat?')
    await page.getByText('Nobody inside').waitFor()
    await page.keyboard.press('Escape')
    await page.getByText('Done.').waitFor()
    expect(fixture.server.logs.filter(({ what }) => what).map(({ what }) => what)).toEqual([
      'kick',
      'clear-history',
      'restart',
      'erase',
    ])
    visitor.quiet()
  })

  it.each(['en-GB', 'zh-CN'])('has no barrier, in %s', async (locale) => {
    await start()
    await fixture.server.connect('/chat', { name: 'Ann' })
    const visitor = await fixture.open('/admin/', { locale })
    const { page } = visitor
    const check = async (stage: string) => expect([stage, await barriers(page)]).toEqual([stage, []])
    await check('the token')
    await enter(visitor)
    await row(page, '/chat').waitFor()
    await check('the rooms')
    await row(page, '/chat').locator('button').click()
    await page.locator('.peers li').waitFor()
    await check('a room')
    await page.locator('.peers button').click()
    await page.locator('.confirm[open]').waitFor()
    await check('a question')
    visitor.quiet()
  })
})
