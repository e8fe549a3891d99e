/** The server as an operator meets it: what `npm start` prints, how it says no, how it ends. Each test runs a process. */
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect as connectTcp, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { selfSigned } from './support/certificate.ts'
import { connect, refused } from './support/client.ts'
import { corridor, Process } from './support/process.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const SHIPPED = here('../rooms/rooms.json')
const ECHO = `import { defineRoom } from 'corridor'
export default defineRoom({ open: () => ({ message: (peer, data) => peer.send(data) }) })
`

let cwd: string
const processes: Process[] = []

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'corridor-start-'))
  mkdirSync(join(cwd, 'rooms'))
  put('rooms/echo.ts', ECHO)
  putRooms({ '/echo': { module: 'echo' } })
})

afterEach(async () => {
  await Promise.all(processes.splice(0).map((process) => process.stop()))
  rmSync(cwd, { recursive: true })
})

const put = (name: string, content: string) => writeFileSync(join(cwd, name), content)
const putRooms = (rooms: Record<string, unknown>) => put('rooms/rooms.json', JSON.stringify({ rooms }))

function run(args: string[], env: Record<string, string> = {}): Process {
  const process = corridor(args, cwd, { PORT: '0', ...env })
  processes.push(process)
  return process
}

const start = (env: Record<string, string> = {}, ...args: string[]) => run(['start', ...args], env)
const toWs = (url: string) => url.replace(/^http/, 'ws')

/** Joins a room and then ignores whatever the server says, its close included. */
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

describe('a start', () => {
  it('says where it is open, which rooms there are, and serves them', async () => {
    const server = start({ ROOMS: SHIPPED })
    const url = await server.url()
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    await server.text(/^ {2}\/tutorial\/chat-message +\S/m)
    expect(server.stdout).toMatch(/^ {2}\/chat {2,}Chat$/m)
    const page = await fetch(`${url}/chat`, { headers: { Accept: 'text/html' } })
    expect({ status: page.status, type: page.headers.get('content-type') }).toEqual({
      status: 200,
      type: 'text/html; charset=utf-8',
    })
    const ann = await connect(`${toWs(url)}/chat?name=ann`)
    expect((await ann.next('welcome')).data).toMatchObject({ room: '/chat', you: { name: 'ann' } })
    await ann.close()
  })

  it('looks for rooms/rooms.json in the working folder', async () => {
    const url = await start().url()
    const ann = await connect(`${toWs(url)}/echo`)
    ann.sendText('你好，走廊')
    expect(await ann.nextText()).toBe('你好，走廊')
    await ann.close()
  })

  it('serves page, client and rooms under BASE_PATH, and nothing outside of it', async () => {
    const url = await start({ BASE_PATH: '/sub' }).url()
    expect(url).toMatch(/\/sub$/)
    const html = { Accept: 'text/html' }
    expect(await (await fetch(`${url}/`, { headers: html })).text()).toContain('<base href="/sub/">')
    expect(await (await fetch(`${url}/echo`, { headers: html })).text()).toContain('<base href="/sub/">')
    const client = await fetch(`${url}/client.js`)
    expect(client.headers.get('content-type')).toMatch(/^text\/javascript/)
    const ann = await connect(`${toWs(url)}/echo`)
    ann.sendText('hello')
    expect(await ann.nextText()).toBe('hello')
    await ann.close()

    const outside = url.replace(/\/sub$/, '')
    expect((await refused(`${toWs(outside)}/echo`)).status).toBe(404)
    for (const path of ['/', '/echo', '/client.js', '/subway/echo'])
      expect({ path, status: (await fetch(outside + path)).status }).toEqual({ path, status: 404 })
  })

  it('serves https and wss with TLS_CERT and TLS_KEY', async () => {
    const { cert, key } = selfSigned()
    put('cert.pem', cert)
    put('key.pem', key)
    const url = await start({ TLS_CERT: 'cert.pem', TLS_KEY: 'key.pem' }).url()
    expect(url).toMatch(/^https:/)
    expect(await get(`${url}/echo`, cert)).toContain('<base href="/">')
    expect(await get(`${url}/client.js`, cert)).toContain('WebSocket')
    const origin = url
    const ann = await connect(`${toWs(url)}/echo`, { ca: cert, origin })
    ann.sendText('hello')
    expect(await ann.nextText()).toBe('hello')
    await ann.close()
    expect((await refused(`${toWs(url)}/echo`, { ca: cert, origin: origin.replace('https', 'http') })).status).toBe(403)
  })
})

describe('a start that cannot be ends with 1 and one readable message', () => {
  const no = async (server: Process) => {
    const { code } = await server.exited
    expect({ code, stdout: server.stdout }).toEqual({ code: 1, stdout: '' })
    expect(server.stderr).not.toMatch(/^ +at |node:internal|Error:/m)
    return server.stderr
  }

  it('for a wrong variable', async () => {
    expect(await no(start({ PORT: 'many', LOG_LEVEL: 'inof' }))).toBe(
      'PORT: expected a whole number from 0 to 65535, got "many"\n' +
        'LOG_LEVEL: expected one of fatal, error, warn, info, debug, trace, silent, got "inof"; did you mean "info"?\n',
    )
  })

  it('for a taken port', async () => {
    const taker = createServer().listen(0, '127.0.0.1')
    await once(taker, 'listening')
    const { port } = taker.address() as { port: number }
    const said = await no(start({ PORT: String(port) }))
    taker.close()
    expect(said).toBe(`address already in use 127.0.0.1:${port}: set PORT to a free port, or end what listens there\n`)
  })

  it('for an address that is not of this machine', async () => {
    expect(await no(start({ HOST: '192.0.2.1' }))).toMatch(/192\.0\.2\.1.*set HOST to an address of this machine\n$/)
  })

  it('for a broken rooms.json, with line and column', async () => {
    put('rooms/rooms.json', '{\n  "rooms": {\n    "/echo": { "module": "echo" \n')
    expect(await no(start())).toMatch(/^rooms\/rooms\.json:\d+:\d+: expected .*\n$/)
  })

  it('for a rooms.json that is not there', async () => {
    rmSync(join(cwd, 'rooms/rooms.json'))
    expect(await no(start())).toMatch(/^rooms\/rooms\.json: expected a file that can be read, got ENOENT.*\n$/)
  })

  it('for a module with a syntax error, with its line', async () => {
    put('rooms/echo.ts', `${ECHO}\nexport const = 1\n`)
    expect(await no(start())).toMatch(
      /^rooms\/rooms\.json: rooms\.\/echo\.module: the module cannot be loaded: .*\(rooms\/echo\.ts:4\)\n$/,
    )
  })

  it('for a module that throws, and for one that is not there', async () => {
    put('rooms/echo.ts', "throw new Error('no questions today')\n")
    putRooms({ '/echo': { module: 'echo' }, '/quiz': { module: 'quiz' } })
    const lines = (await no(start())).trimEnd().split('\n')
    expect(lines).toHaveLength(2)
    expect(lines[0]).toContain('rooms./echo.module: the module cannot be loaded: no questions today (rooms/echo.ts:1)')
    expect(lines[1]).toContain('rooms./quiz.module: expected a room module, found no file')
  })

  it('for an unknown argument', async () => {
    expect(await no(start({}, '--port=1'))).toBe('start: expected nothing or --dev, got "--port=1"\n')
  })
})

describe('SIGTERM', () => {
  it('sends everyone away with 1012, and the process ends with 0', async () => {
    const server = start({ DRAIN_MS: '5000' })
    const url = await server.url()
    const [ann, bob] = await Promise.all([connect(`${toWs(url)}/echo`), connect(`${toWs(url)}/echo`)])
    const began = performance.now()
    server.kill('SIGTERM')
    expect((await ann.closed).code).toBe(1012)
    expect((await bob.closed).code).toBe(1012)
    expect(await server.exited).toEqual({ code: 0, signal: null })
    expect(performance.now() - began).toBeLessThan(4000)
  })

  it('ends within DRAIN_MS also for a client that ignores the close and a request that never ends', async () => {
    const server = start({ DRAIN_MS: '600' })
    const url = await server.url()
    const deaf = await deafClient(url, '/echo')
    const slow = connectTcp(Number(new URL(url).port), '127.0.0.1')
    slow.on('error', () => {})
    slow.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n')
    await once(slow, 'connect')
    const began = performance.now()
    server.kill('SIGTERM')
    expect(await server.exited).toEqual({ code: 0, signal: null })
    expect(performance.now() - began).toBeLessThan(2500)
    deaf.destroy()
    slow.destroy()
  })

  it('ends within DRAIN_MS also where handlers hang', async () => {
    put(
      'rooms/echo.ts',
      `import { defineRoom } from 'corridor'
const never = () => new Promise(() => {})
export default defineRoom({ open: () => ({ message: (peer, data) => { peer.send(data); return never() }, leave: never, close: never }) })
`,
    )
    const server = start({ DRAIN_MS: '600' })
    const ann = await connect(`${toWs(await server.url())}/echo`)
    ann.sendText('hang')
    expect(await ann.nextText()).toBe('hang')
    const began = performance.now()
    server.kill('SIGTERM')
    expect((await ann.closed).code).toBe(1012)
    expect(await server.exited).toEqual({ code: 0, signal: null })
    expect(performance.now() - began).toBeLessThan(2500)
  })

  it('lets nobody in any more while it drains', async () => {
    put(
      'rooms/echo.ts',
      `import { defineRoom } from 'corridor'
export default defineRoom({ open: () => ({ close: () => new Promise(() => {}) }) })
`,
    )
    const server = start({ DRAIN_MS: '4000' })
    const url = await server.url()
    const ann = await connect(`${toWs(url)}/echo`)
    server.kill('SIGTERM')
    await ann.closed
    expect(await refused(`${toWs(url)}/echo`)).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
    expect((await fetch(`${url}/readyz`)).status).toBe(503)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })

  it('again ends the process at once, with 1', async () => {
    const server = start({ DRAIN_MS: '60000' })
    const deaf = await deafClient(await server.url(), '/echo')
    server.kill('SIGTERM')
    await server.text(/draining/)
    const began = performance.now()
    // Within half a second it counts as the first one: npm hands on a Ctrl-C that the terminal has sent already.
    const impatient = setInterval(() => server.kill('SIGINT'), 100)
    expect(await server.exited).toEqual({ code: 1, signal: null })
    clearInterval(impatient)
    const tookMs = performance.now() - began
    expect(tookMs).toBeGreaterThan(300)
    expect(tookMs).toBeLessThan(2500)
    deaf.destroy()
  })

  it('to npm ends the server too: no process is left behind', async () => {
    const npm = new Process('npm', ['start'], here('..'), {
      PORT: '0',
      DRAIN_MS: '1000',
      ROOMS: join(cwd, 'rooms/rooms.json'),
    })
    processes.push(npm)
    const url = await npm.url()
    const ann = await connect(`${toWs(url)}/echo`)
    npm.kill('SIGTERM')
    expect((await ann.closed).code).toBe(1012)
    // `exited` waits for the pipes too, which the server would hold open.
    expect((await npm.exited).code).toBe(0)
    await expect(fetch(url)).rejects.toThrow()
  })
})

/** A page over TLS, with this certificate alone trusted. */
async function get(url: string, ca: string): Promise<string> {
  const [response] = await once(request(url, { ca, headers: { Accept: 'text/html' } }).end(), 'response')
  return text(response)
}
