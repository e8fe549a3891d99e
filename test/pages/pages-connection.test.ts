/**
 * What a page says of its connection, and whether it is so: losses, refusals with their reason and what follows, a network
 * that is away; for the console's plain WebSocket and for the chat alike.
 */
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { defineRoom } from 'corridor'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { connected, openPages, type Visitor } from '../support/browser.ts'
import notes from '../support/notes.ts'
import type { Line } from '../support/server.ts'

const fixture = openPages()
/** What a browser reports by itself when it is refused or cut off. */
const LOUD = /WebSocket connection to|Failed to load resource|ERR_/

const formOf = (type: string) =>
  defineRoom({
    summary: `Takes ${type}.`,
    receives: { [type]: z.object({ day: z.iso.date() }) },
    sends: {},
    open: () => ({ receive: { [type]() {} } }),
  })

const banner = ({ page }: Visitor, text: string | RegExp) =>
  page.locator('.banner:visible', { hasText: text }).waitFor()

describe('the console', () => {
  test('comes back after every loss, also once "Connect" was pressed, and shows the code as it is', async () => {
    const rooms = (options: object): Record<string, Line> => ({ '/relay': { module: 'relay', options } })
    await fixture.start({ rooms: rooms({ echo: true }) })
    const visitor = await fixture.open('/relay')
    const { page } = visitor
    await connected(page)
    await page.getByRole('button', { name: 'Disconnect' }).click()
    await page.locator('.state[data-state="closed"]').waitFor()
    expect(await page.locator('.banner').isVisible()).toBe(false)
    await page.getByRole('button', { name: 'Connect', exact: true }).click()
    await connected(page)
    for (const [at, echo] of [false, true].entries()) {
      await fixture.server.reload({ rooms: rooms({ echo }) })
      await expect.poll(() => page.locator('.frame.info', { hasText: 'code 1012' }).count()).toBe(at + 1)
      await connected(page)
    }
    visitor.quiet(LOUD)
  })

  test('tries again every 2 s at least while it was lost for a moment only', async () => {
    const { page } = await fixture.open('/')
    await page.clock.install()
    await page.goto(`${fixture.server.url.replace(/\/$/, '')}/echo`)
    await connected(page)
    // The connection has lasted, and from now on time is in our hands.
    await page.clock.pauseAt(Date.now() + 60_000)
    await fixture.stop()
    for (let lost = 1; lost <= 5; lost++) {
      const words = await page.locator('.state[data-state="waiting"] .words').textContent()
      expect(words).toMatch(/^Back in [12] s$/)
      await page.clock.runFor(2000)
    }
  })

  test('resumes after the last event it saw: nothing is shown twice, and nothing is missed', async () => {
    const path = '/notes'
    await fixture.start({ rooms: { [path]: { definition: notes, history: { keep: 100, replay: 10 } } } })
    const writer = await fixture.server.connect(path)
    await writer.next('welcome')
    const note = async (text: string) => {
      writer.send('note', { text })
      await writer.next('noted')
    }
    await note('before')
    const { page } = await fixture.open(path)
    await page.locator('.frame.in', { hasText: 'before' }).waitFor()
    await page.getByRole('button', { name: 'Disconnect' }).click()
    await page.locator('.state[data-state="closed"]').waitFor()
    await note('meanwhile')
    await page.getByRole('button', { name: 'Connect', exact: true }).click()
    await page.locator('.frame.in', { hasText: 'meanwhile' }).waitFor()
    expect(await page.locator('.frame.in', { hasText: 'before' }).count()).toBe(1)
  })

  test('takes up the form of a room that was changed', async () => {
    await fixture.start({ rooms: { '/form': { definition: formOf('before') } } })
    const { page } = await fixture.open('/form')
    await connected(page)
    await page.getByRole('option', { name: 'before' }).waitFor({ state: 'attached' })
    await fixture.server.reload({ rooms: { '/form': { definition: formOf('after'), title: 'Changed' } } })
    await page.getByRole('option', { name: 'after' }).waitFor({ state: 'attached' })
    expect(await page.getByRole('option', { name: 'before' }).count()).toBe(0)
    await page.getByText('Takes after.').waitFor()
  })
})

describe.each([
  ['/echo', 'echo'],
  ['/chat', 'chat'],
])('the page of %s', (path, module) => {
  test('says that the room is full, and enters when there is room', { timeout: 60_000 }, async () => {
    await fixture.start({ rooms: { [path]: { module, limits: { peers: 1 } } } })
    const first = await fixture.open(path)
    await connected(first.page)
    const second = await fixture.open(path)
    await banner(second, 'This room is full. The page enters as soon as there is room.')
    expect(await second.page.locator('.state').textContent()).not.toContain('Connected')
    await first.page.close()
    // Who closed a tab may be waited for; until then it is full.
    const again = second.page.getByRole('button', { name: 'Try now' })
    await expect
      .poll(
        async () => {
          await again.click({ timeout: 500 }).catch(() => undefined)
          return second.page.locator('.state').getAttribute('data-state')
        },
        { interval: 500 },
      )
      .toBe('open')
    expect(await second.page.locator('.banner').isVisible()).toBe(false)
    second.quiet(LOUD)
  })

  test('says that there are too many connections from one address', async () => {
    await fixture.start({ rooms: { [path]: { module, limits: { perAddress: 1 } } } })
    const first = await fixture.open(path)
    await connected(first.page)
    await banner(await fixture.open(path), 'too many connections from your address')
  })

  test('says that the room was removed', async () => {
    await fixture.start({ rooms: { [path]: { module }, '/other': { module } } })
    const visitor = await fixture.open(path)
    await connected(visitor.page)
    await fixture.server.reload({ rooms: { '/other': { module } } })
    await visitor.page.locator('.state:not([data-state="open"])').waitFor()
    await visitor.page.evaluate(() => dispatchEvent(new Event('online')))
    await banner(visitor, 'This room does not exist any more.')
  })

  test('says that pages of its address are not taken, as behind a proxy that changes the Host', async () => {
    await fixture.start({ rooms: { [path]: { module } } })
    const proxy = await proxyTo(fixture.server.port)
    const visitor = await fixture.open(path)
    await visitor.page.goto(`http://127.0.0.1:${proxy.port}${path}`)
    await banner(visitor, 'does not accept connections from pages of this address')
    await visitor.page.close()
    proxy.close()
  })

  test('never says "Connected" while the browser is offline', async () => {
    await fixture.start({ rooms: { [path]: { module } } })
    const { page, context } = await fixture.open(path)
    await connected(page)
    await context.setOffline(true)
    await page.locator('.state', { hasText: 'You are offline' }).waitFor()
    expect(await page.locator('.state').getAttribute('data-state')).toBe('offline')
    await context.setOffline(false)
    await connected(page)
    expect(await page.locator('.state').textContent()).toContain('Connected')
  })
})

/** A proxy that asks the server under its own name, whatever the browser calls it. */
async function proxyTo(port: number): Promise<{ port: number; close: () => void }> {
  const host = `localhost:${port}`
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', url = '/', headers } = incoming
    const onward = request({ port, host: '127.0.0.1', method, path: url, headers: { ...headers, host } }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  })
  server.on('upgrade', ({ url, headers }, socket) => {
    const onward = connect(port, '127.0.0.1')
    const lines = Object.entries({ ...headers, host }).map(([name, value]) => `${name}: ${value}`)
    onward.write(`GET ${url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
    onward.on('error', () => socket.destroy())
    socket.on('error', () => onward.destroy())
    onward.pipe(socket).pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { port: (server.address() as AddressInfo).port, close }
}
