/** A page of another site in a real Chromium: it loads the client from the server, and polls, upgrades, and sends its cookie. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openPages } from '../support/browser.ts'
import { SECRET, sign } from '../support/tokens.ts'

const pages = openPages()
let site: Server
let origin: string

/** Joins a room as the page's address says, and shows what it hears. */
const PAGE = `<!doctype html><title>elsewhere</title>
<script src="SERVER/socket.io/socket.io.js"></script>
<ul></ul>
<script>
  const show = (text) => document.querySelector('ul').appendChild(document.createElement('li')).append(text)
  const { room, ...options } = JSON.parse(decodeURIComponent(location.hash.slice(1)))
  const socket = io('SERVER' + room, options)
  socket.on('connect_error', ({ message, data }) => show(data ? data.code : message))
  socket.on('welcome', ({ you }) => show('welcome ' + you.name))
  socket.on('message', ({ text }) => show(text + ' by ' + socket.io.engine.transport.name))
  const say = () => socket.emit('message', { text: 'hello' })
  if (options.transports) socket.on('welcome', say)
  else socket.on('connect', () => {
    const { engine } = socket.io
    if (engine.transport.name === 'websocket') say()
    else engine.once('upgrade', say)
  })
</script>`

beforeEach(async () => {
  site = createServer((_, response) => {
    const server = pages.server.url.replace(/\/$/, '')
    response.setHeader('Content-Type', 'text/html').end(PAGE.replaceAll('SERVER', server))
  })
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`
  const auth = { secret: SECRET, cookie: 'pass' }
  await pages.start({
    rooms: {
      '/listed': { module: 'chat', origins: [origin] },
      '/cookie': { module: 'chat', origins: [origin], auth },
      '/own': { module: 'chat' },
    },
  })
})
afterEach(() => new Promise((resolve) => site.close(resolve)))

async function show(options: Record<string, unknown>) {
  const { page } = await pages.open('/')
  await page.goto(`${origin}/#${encodeURIComponent(JSON.stringify(options))}`)
  return page
}

describe('a page of a listed origin', () => {
  it.each([
    ['polling', { transports: ['polling'] }],
    ['websocket', { transports: ['websocket'] }],
    ['websocket', {}],
  ])('is in the room, by %s', async (transport, how) => {
    const page = await show({ room: '/listed', auth: { name: 'ann' }, ...how })
    await expect.poll(() => page.locator('li').allTextContents()).toEqual(['welcome ann', `hello by ${transport}`])
  })

  it('sends the cookie of its room, and is refused without', async () => {
    const options = { room: '/cookie', transports: ['polling'], withCredentials: true }
    const stranger = await show(options)
    await expect.poll(() => stranger.locator('li').allTextContents()).toEqual(['no_token'])
    const page = await show({ ...options, room: '/nowhere' })
    const value = await sign({ sub: 'ann', name: 'Ann' })
    await page.context().addCookies([{ name: 'pass', value, url: pages.server.url }])
    await page.goto(`${origin}/?again#${encodeURIComponent(JSON.stringify(options))}`)
    await expect.poll(() => page.locator('li').allTextContents()).toEqual(['welcome Ann', 'hello by polling'])
  })

  it('is not let into another room', async () => {
    const page = await show({ room: '/own', transports: ['polling'] })
    await expect.poll(() => page.locator('li').allTextContents()).toEqual(['foreign_origin'])
  })
})
