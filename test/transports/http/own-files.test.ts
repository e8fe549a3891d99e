/** The operator's own files: the folder `PUBLIC` and the pages of rooms, and what of a folder is never shown. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readEnvironment } from '../../../src/config/environment.ts'
import { handClock } from '../../../src/testing/hand-clock.ts'
import { exchange, request } from '../../support/raw.ts'
import { type Setup, startServer, type TestServer } from '../../support/server.ts'

let folder: string
let server: TestServer
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'corridor-public-'))
})
afterEach(async () => {
  await server?.close()
  rmSync(folder, { recursive: true })
})

function put(name: string, text: string): string {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

async function start(setup: Setup = {}, env: Record<string, string> = {}): Promise<void> {
  server = await startServer({ ...setup, env: { PUBLIC: folder, ...env } })
}

const get = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  fetch(`${server.url}${path}`, { headers, ...init })
const HTML = { accept: 'text/html,*/*;q=0.1' }

describe('PUBLIC', () => {
  it('serves its files beside ours, with type, validators and ranges, below the base path', async () => {
    put('logo.png', 'png')
    put('games/quiz.js', 'export {}')
    put('a name.txt', 'spaced')
    await start({}, { BASE_PATH: '/sub' })
    const script = await get('/games/quiz.js')
    expect([script.status, await script.text()]).toEqual([200, 'export {}'])
    expect(script.headers.get('content-type')).toMatch(/^(text|application)\/javascript/)
    expect(script.headers.get('cache-control')).toBe('no-cache')
    expect(script.headers.get('x-content-type-options')).toBe('nosniff')
    const etag = script.headers.get('etag') ?? ''
    const host = ['Host', `127.0.0.1:${server.port}`] as const
    const line = 'GET /sub/games/quiz.js'
    const again = request(line, [host, ['If-None-Match', etag], ['Connection', 'close']])
    expect((await exchange(server.port, again)).status).toBe(304)
    const part = await get('/logo.png', { range: 'bytes=1-1' })
    expect([part.status, await part.text()]).toEqual([206, 'n'])
    expect(await (await get('/a%20name.txt')).text()).toBe('spaced')
    const head = await get('/logo.png', {}, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '3', ''])
    expect((await get('/chat', HTML)).status).toBe(200)
    expect((await get('/healthz')).status).toBe(200)
  })

  it('shows no hidden file, link, backup or folder, and nothing outside of it', async () => {
    for (const name of ['.env', '.git/config', 'sub/.hidden', 'page.html~', 'sub/index.html']) put(name, 'secret')
    symlinkSync('/etc/passwd', join(folder, 'link.txt'))
    symlinkSync('/etc', join(folder, 'etc'))
    await start()
    const refused = [
      ...['/.env', '/.git/config', '/sub/.hidden', '/page.html~', '/sub', '/sub/', '/link.txt', '/etc/passwd'],
      ...['/%2eenv', '/sub/%2ehidden', '/sub%2findex.html', '/sub%5cindex.html', '/link.txt/', '/%00'],
    ]
    for (const path of refused) {
      const response = await get(path)
      expect([path, response.status === 400 || response.status]).toEqual([path, response.status === 400 || 404])
      expect(await response.text()).not.toContain('secret')
    }
    for (const path of ['/../../etc/passwd', '/sub/../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '//etc/passwd']) {
      const headers = [
        ['Host', `127.0.0.1:${server.port}`],
        ['Connection', 'close'],
      ] as const
      const { status, body } = await exchange(server.port, request(`GET ${path}`, headers))
      expect([400, 404]).toContain(status)
      expect(body).not.toContain('root:')
    }
  })

  it('wins over a pattern of rooms and over our own files, and a room may not have its path', async () => {
    put('logo.png', 'png')
    put('style.css', 'mine')
    await start({ rooms: { '/:name': { module: 'echo' } } })
    expect(await (await get('/logo.png')).text()).toBe('png')
    expect(await (await get('/style.css')).text()).toBe('mine')
    expect((await (await get('/other')).json()).path).toBe('/other')
    await expect(server.connect('/logo.png')).rejects.toThrow('404')
  })

  it('shows a file that is new, one that has changed, and not one that is gone', async () => {
    const clock = handClock()
    put('a.txt', 'one')
    await start({ clock })
    put('a.txt', 'two, longer')
    expect(await (await get('/a.txt')).text()).toBe('two, longer')
    rmSync(join(folder, 'a.txt'))
    expect((await get('/a.txt')).status).toBe(404)
    put('b.txt', 'new')
    expect((await get('/b.txt')).status).toBe(404)
    // The folder is listed again after this time.
    await clock.advance(1000)
    expect((await get('/b.txt')).status).toBe(200)
  })

  it('takes no method but GET and HEAD', async () => {
    put('a.txt', 'one')
    await start()
    for (const method of ['POST', 'PUT', 'DELETE']) expect((await get('/a.txt', {}, { method })).status).toBe(404)
    const options = await get('/a.txt', {}, { method: 'OPTIONS' })
    expect([options.status, options.headers.get('allow')]).toEqual([404, null])
  })

  it('with a path of the server stops the start', async () => {
    put('client.js', 'mine')
    put('admin/index.html', 'mine')
    await expect(start()).rejects.toThrow('client.js: the server needs the path /client.js itself; rename this file')
    rmSync(join(folder, 'client.js'))
    await expect(start()).rejects.toThrow('the path /admin/index.html itself')
    rmSync(join(folder, 'admin'), { recursive: true })
    await start()
  })

  it('is `public` beside the folder of rooms.json, or none; never one with the rooms or the data in it', async () => {
    await start()
    mkdirSync(join(folder, 'rooms'))
    expect(readEnvironment({}, folder).publicFolder).toBeUndefined()
    mkdirSync(join(folder, 'public'))
    expect(readEnvironment({}, folder).publicFolder).toBe(join(folder, 'public'))
    expect(readEnvironment({ PUBLIC: 'rooms', ROOMS: 'other/rooms.json' }, folder).publicFolder).toBe(
      join(folder, 'rooms'),
    )
    const mistake = (env: Record<string, string>) => () => readEnvironment(env, folder)
    expect(mistake({ PUBLIC: 'none' })).toThrow(/^PUBLIC: expected a folder that is there, got/)
    expect(mistake({ PUBLIC: '.' })).toThrow(/PUBLIC: expected a folder without/)
    expect(mistake({ PUBLIC: 'rooms' })).toThrow(/PUBLIC: expected a folder without/)
    expect(mistake({ DATA_DIR: 'public/data' })).toThrow(/DATA_DIR: expected a folder outside of public/)
  })
})

describe('the page of a room', () => {
  it('is what a browser gets; ours is at ?console, and programs get the description', async () => {
    const page = put('pages/quiz.html', '<!doctype html><title>Quiz</title><script>1</script>')
    await start({ rooms: { '/quiz': { module: 'echo', page }, '/r/:name': { module: 'echo', page } } })
    for (const path of ['/quiz', '/quiz/', '/quiz?name=ann', '/r/tea']) {
      const response = await get(path, HTML)
      expect(response.headers.get('content-type')).toMatch(/^text\/html/)
      expect(response.headers.get('content-security-policy')).toBeNull()
      expect(response.headers.get('vary')).toContain('Accept')
      expect(await response.text()).toContain('<title>Quiz</title>')
    }
    const console = await get('/quiz?console', HTML)
    expect(console.headers.get('content-security-policy')).toContain("script-src 'self'")
    expect(await console.text()).toContain('data-path')
    expect(await (await get('/quiz')).json()).toMatchObject({ path: '/quiz', kind: 'raw' })
    writeFileSync(page, '<title>Changed</title>')
    expect(await (await get('/quiz', HTML)).text()).toBe('<title>Changed</title>')
  })
})
