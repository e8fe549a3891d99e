/** A page that leaves, with `closeOnBeforeunload`: its peer is gone at once, and the next page of the tab comes anew. */
import { expect, it } from 'vitest'
import { openPages } from '../support/browser.ts'
import notes from '../support/notes.ts'

const pages = openPages()

it.each([true, false])('a page with closeOnBeforeunload: %s leaves the room when it is left', async (isClosing) => {
  await pages.start({ rooms: { '/notes': { definition: notes, rejoinWithin: '0s' } } })
  const { page } = await pages.open('/notes')
  const ben = await pages.server.connect('/notes', { name: 'Ben' })
  await ben.next('welcome')
  const enter = async (name: string) => {
    await page.addScriptTag({ url: `${pages.server.url.replace(/\/$/, '')}/socket.io/socket.io.js` })
    await page.evaluate(`globalThis.socket = io('/notes', {
      closeOnBeforeunload: ${isClosing}, auth: { name: '${name}', client: 'one' }
    })`)
    while ((await ben.next<{ name: string }>('came')).data.name !== name);
    // Of a page that leaves between two polls, the server hears nothing before it misses the answer to a ping.
    await page.evaluate(`new Promise((resolve) => {
      const { engine } = socket.io
      if (engine.transport.name === 'websocket') resolve()
      else engine.once('upgrade', () => resolve())
    })`)
  }
  await enter('Ann')
  await page.reload()
  while ((await ben.next<{ name: string }>('left')).data.name !== 'Ann');
  await enter('Ann again')
  expect(await page.evaluate('typeof io')).toBe('function')
  await ben.close()
})
