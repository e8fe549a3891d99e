/** The server as an operator meets it: what `npm start` prints, and how it says no. Each test runs a process. */
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { request } from 'node:https'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { selfSigned } from '../support/certificate.ts'
import { connect, refused } from '../support/client.ts'
import type { Process } from '../support/process.ts'
import { ECHO, openProject } from '../support/project.ts'

const SHIPPED = fileURLToPath(new URL('../../rooms/rooms.json', import.meta.url))

const project = openProject()
const toWs = (url: string) => url.replace(/^http/, 'ws')

describe('a start', () => {
  it('says where it is open, which rooms there are, and serves them', async () => {
    const server = project.start({ ROOMS: SHIPPED })
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

  it('keeps idle connections as long as configured', async () => {
    const answer = await fetch(await project.start({ KEEP_ALIVE_MS: '610000' }).url())
    expect(answer.headers.get('keep-alive')).toBe('timeout=610')
  })

  it('looks for rooms/rooms.json in the working folder', async () => {
    const url = await project.start().url()
    const ann = await connect(`${toWs(url)}/echo`)
    ann.sendText('你好，走廊')
    expect(await ann.nextText()).toBe('你好，走廊')
    await ann.close()
  })

  it('serves page, client and rooms under BASE_PATH, and nothing outside of it', async () => {
    const url = await project.start({ BASE_PATH: '/sub' }).url()
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
    project.put('cert.pem', cert)
    project.put('key.pem', key)
    const url = await project.start({ TLS_CERT: 'cert.pem', TLS_KEY: 'key.pem' }).url()
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
    expect(await no(project.start({ PORT: 'many', LOG_LEVEL: 'inof' }))).toBe(
      'PORT: expected a whole number from 0 to 65535, got "many"\n' +
        'LOG_LEVEL: expected one of fatal, error, warn, info, debug, trace, silent, got "inof"; did you mean "info"?\n',
    )
  })

  it('for a taken port', async () => {
    const taker = createServer().listen(0, '127.0.0.1')
    await once(taker, 'listening')
    const { port } = taker.address() as { port: number }
    const said = await no(project.start({ PORT: String(port) }))
    taker.close()
    expect(said).toBe(`address already in use 127.0.0.1:${port}: set PORT to a free port, or end what listens there\n`)
  })

  it('for an address that is not of this machine', async () => {
    expect(await no(project.start({ HOST: '192.0.2.1' }))).toMatch(
      /192\.0\.2\.1.*set HOST to an address of this machine\n$/,
    )
  })

  it('for a broken rooms.json, with line and column', async () => {
    project.put('rooms/rooms.json', '{\n  "rooms": {\n    "/echo": { "module": "echo" \n')
    expect(await no(project.start())).toMatch(/^rooms\/rooms\.json:\d+:\d+: expected .*\n$/)
  })

  it('for a rooms.json that is not there', async () => {
    rmSync(join(project.path, 'rooms/rooms.json'))
    expect(await no(project.start())).toMatch(/^rooms\/rooms\.json: expected a file that can be read, got ENOENT.*\n$/)
  })

  it('for a module with a syntax error, with its line', async () => {
    project.put('rooms/echo.ts', `${ECHO}\nexport const = 1\n`)
    expect(await no(project.start())).toMatch(
      /^rooms\/rooms\.json: rooms\.\/echo\.module: the module cannot be loaded: .*\(rooms\/echo\.ts:4\)\n$/,
    )
  })

  it('for a module that throws, and for one that is not there', async () => {
    project.put('rooms/echo.ts', "throw new Error('no questions today')\n")
    project.putRooms({ '/echo': { module: 'echo' }, '/quiz': { module: 'quiz' } })
    const lines = (await no(project.start())).trimEnd().split('\n')
    expect(lines).toHaveLength(2)
    expect(lines[0]).toContain('rooms./echo.module: the module cannot be loaded: no questions today (rooms/echo.ts:1)')
    expect(lines[1]).toContain('rooms./quiz.module: expected a room module, found no file')
  })

  it('for an unknown argument', async () => {
    expect(await no(project.start({}, '--port=1'))).toBe('start: expected nothing or --dev, got "--port=1"\n')
  })
})

/** A page over TLS, with this certificate alone trusted. */
async function get(url: string, ca: string): Promise<string> {
  const [response] = await once(request(url, { ca, headers: { Accept: 'text/html' } }).end(), 'response')
  return text(response)
}
