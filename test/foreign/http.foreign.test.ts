/** `curl`, as people use it at a prompt: read, follow, say, with a token; and over WebSocket where it is built with it. */
import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isStrict } from '../support/components.ts'
import { Process } from '../support/process.ts'
import { sign } from '../support/tokens.ts'
import { note } from './results.ts'
import { openScene, type Scene } from './scene.ts'

const { stdout: about = '', status } = spawnSync('curl', ['--version'], { encoding: 'utf8' })
const missing = status === 0 ? undefined : 'curl is not installed (Debian: apt-get install curl)'
const version = /^curl (\S+)/.exec(about)?.[1] ?? ''
const speaksWebSocket = /^Protocols:.* wss?\b/m.test(about)
const JSON_TYPE = ['-H', 'Content-Type: application/json']

describe('curl', () => {
  if (missing && isStrict()) throw new Error(missing)
  let scene: Scene
  beforeAll(async () => {
    scene = await openScene()
  })
  afterAll(async () => {
    await scene.close()
    const cells = [version, 'history, long polling, Server-Sent Events, `POST`, token in header or cookie']
    const hint = speaksWebSocket ? 'WebSocket too' : 'built without WebSocket'
    note({ table: 'http', client: 'curl', ...(missing ? { missing } : { cells: [...cells, hint] }) })
  })

  const test = (title: string, body: () => Promise<void>) =>
    it(title, async ({ skip }) => {
      if (missing) skip(missing)
      await body()
    })
  const start = (...args: string[]) => new Process('curl', ['-sSN', ...args], '/', {})
  /** What it prints, with the status in a line of its own at the end. */
  async function curl(path: string, ...args: string[]): Promise<{ status: number; body: string }> {
    const program = start('-w', '\n%{http_code}', scene.server.url + path, ...args)
    const { code } = await program.exited
    if (code !== 0) throw new Error(`curl ended with ${code}: ${program.stderr}`)
    const [, body = '', status] = /^([\s\S]*)\n(\d+)$/.exec(program.stdout) ?? []
    return { status: Number(status), body }
  }
  const json = async (path: string, ...args: string[]) => JSON.parse((await curl(path, ...args)).body)
  const say = (path: string, text: string, ...args: string[]) =>
    curl(path, ...JSON_TYPE, '-d', JSON.stringify({ type: 'note', data: { text } }), ...args)

  test('reads what a room is, says something, and reads it back', async () => {
    expect(await json('/notes/curl')).toMatchObject({ path: '/notes/curl', seq: 0, members: { count: 0 } })
    expect(await say('/notes/curl?name=ann', 'grüße 🌍')).toEqual({ status: 204, body: '' })
    const { status, body } = await say('/notes/curl?name=ann', 'two', '-H', 'Accept: application/json')
    expect([status, JSON.parse(body)]).toMatchObject([200, { seq: 2 }])
    expect(await json('/notes/curl?offset=-1')).toMatchObject([
      { type: 'noted', seq: 1, data: { text: 'grüße 🌍', from: 'ann' } },
      { type: 'noted', seq: 2, data: { text: 'two', from: 'ann' } },
    ])
    const { offset } = JSON.parse(body)
    expect(await json(`/notes/curl?offset=${offset}`)).toEqual([])
    const waiting = curl(`/notes/curl?offset=${offset}&live=long-poll`)
    await say('/notes/curl?name=ann', 'three')
    expect(JSON.parse((await waiting).body)).toMatchObject([{ seq: 3, data: { text: 'three' } }])
  })

  test('takes a compressed answer', async () => {
    for (let i = 0; i < 20; i += 1) await say('/notes/packed?name=ann', 'the same words again '.repeat(100))
    expect(await json('/notes/packed?offset=-1', '--compressed')).toHaveLength(20)
  })

  test('follows the events of a room, and resumes by Last-Event-ID', async () => {
    const ben = await scene.enter('/notes/follow')
    const follow = (...args: string[]) => start(`${scene.server.url}/notes/follow?offset=-1&live=sse`, ...args)
    ben.send('note', { text: 'one' })
    const first = follow()
    await first.text(/^data:.*"text":"one"/m)
    // The id of an event is where the next connection begins.
    const [, id = ''] = await first.text(/^id: ?(.*)$/m)
    await first.stop()
    ben.send('note', { text: 'two' })
    const second = follow('-H', `Last-Event-ID: ${id}`)
    await second.text(/^data:.*"text":"two"/m)
    expect(second.stdout).not.toContain('"one"')
    await second.stop()
    await ben.close()
  })

  test('brings a token in a header or a cookie, and is told what is wrong', async () => {
    const token = await sign({ sub: 'u1', name: 'Ann' })
    expect(await json('/secret', '-H', `Authorization: Bearer ${token}`)).toMatchObject({ path: '/secret' })
    expect(await json('/secret', '-b', `pass=${token}`)).toMatchObject({ path: '/secret' })
    expect((await say('/secret', 'hi', '-H', `Authorization: Bearer ${token}`)).status).toBe(204)
    const { status, body } = await curl('/secret')
    expect([status, JSON.parse(body)]).toMatchObject([401, { error: 'no_token' }])
    expect(await json('/notes/curl', ...JSON_TYPE, '-d', '{"type":"note","data":{"text":5}}')).toMatchObject({
      error: 'invalid',
    })
    expect((await curl('/nowhere')).status).toBe(404)
  })

  it('speaks WebSocket where it is built with it', async ({ skip }) => {
    if (!speaksWebSocket) skip(`curl ${version} is built without WebSocket`)
    const program = start('--no-buffer', `${scene.server.ws}/notes/ws`)
    await program.text(/"type":"welcome"/)
    await program.stop()
  })
})
