/** How a server ends on a signal, also with connections that stay open; `drain.test.ts` shows what clients see. */
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { connect, refused } from '../support/client.ts'
import { Process } from '../support/process.ts'
import { openProject } from '../support/project.ts'

/** Longer than a test lasts: who waits for it, fails. */
const NEVER = '600000'
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const project = openProject()
const toWs = (url: string) => url.replace(/^http/, 'ws')

/** Joins a room and then ignores everything the server sends, its close included. */
async function deafClient(url: string, path: string): Promise<Socket> {
  const { port, host } = new URL(url)
  const socket = connectTcp(Number(port), '127.0.0.1')
  socket.on('error', () => {})
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  const [answer] = await once(socket, 'data')
  expect(String(answer)).toContain('101 Switching Protocols')
  socket.pause()
  return socket
}

describe('SIGTERM', () => {
  it('sends everyone away with 1012, and the process ends with 0', async () => {
    const server = project.start({ DRAIN_MS: NEVER })
    const url = await server.url()
    const [ann, bob] = await Promise.all([connect(`${toWs(url)}/echo`), connect(`${toWs(url)}/echo`)])
    server.kill('SIGTERM')
    expect((await ann.closed).code).toBe(1012)
    expect((await bob.closed).code).toBe(1012)
    expect(await server.exited).toEqual({ code: 0, signal: null })
  })

  it('ends also for a client that ignores the close and a request that never ends', async () => {
    const server = project.start({ DRAIN_MS: '600' })
    const url = await server.url()
    const deaf = await deafClient(url, '/echo')
    const slow = connectTcp(Number(new URL(url).port), '127.0.0.1')
    slow.on('error', () => {})
    slow.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n')
    await once(slow, 'connect')
    server.kill('SIGTERM')
    expect(await server.exited).toEqual({ code: 0, signal: null })
    deaf.destroy()
    slow.destroy()
  })

  it('ends also where handlers hang', async () => {
    project.put(
      'rooms/echo.ts',
      `import { defineRoom } from 'corridor'
const never = () => new Promise(() => {})
export default defineRoom({ open: () => ({ message: (peer, data) => { peer.send(data); return never() }, leave: never, close: never }) })
`,
    )
    const server = project.start({ DRAIN_MS: '600' })
    const ann = await connect(`${toWs(await server.url())}/echo`)
    ann.sendText('hang')
    expect(await ann.nextText()).toBe('hang')
    server.kill('SIGTERM')
    expect((await ann.closed).code).toBe(1012)
    expect(await server.exited).toEqual({ code: 0, signal: null })
  })

  it('refuses new connections while it drains', async () => {
    project.put(
      'rooms/echo.ts',
      `import { defineRoom } from 'corridor'
export default defineRoom({ open: () => ({ close: () => new Promise(() => {}) }) })
`,
    )
    const server = project.start({ DRAIN_MS: '4000' })
    const url = await server.url()
    const ann = await connect(`${toWs(url)}/echo`)
    server.kill('SIGTERM')
    await ann.closed
    expect(await refused(`${toWs(url)}/echo`)).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
    expect((await fetch(`${url}/readyz`)).status).toBe(503)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })

  it('again ends the process at once', async () => {
    const server = project.start({ DRAIN_MS: NEVER })
    const deaf = await deafClient(await server.url(), '/echo')
    server.kill('SIGTERM')
    await server.text(/draining/)
    // Within half a second it counts as the first one: npm hands on a Ctrl-C that the terminal has sent already.
    const impatient = setInterval(() => server.kill('SIGINT'), 100)
    expect(await server.exited).toEqual({ code: 0, signal: null })
    clearInterval(impatient)
    deaf.destroy()
  })

  it('to npm ends the server too: no process is left behind', async () => {
    const npm = new Process('npm', ['start'], ROOT, {
      PORT: '0',
      DRAIN_MS: '1000',
      ROOMS: join(project.path, 'rooms/rooms.json'),
    })
    project.watch(npm)
    const url = await npm.url()
    const ann = await connect(`${toWs(url)}/echo`)
    npm.kill('SIGTERM')
    expect((await ann.closed).code).toBe(1012)
    // `exited` waits for the pipes too, which the server would hold open.
    expect((await npm.exited).code).toBe(0)
    await expect(fetch(url)).rejects.toThrow()
  })
})
