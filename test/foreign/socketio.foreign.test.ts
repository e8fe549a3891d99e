/** Python's `python-socketio`, over both transports, in the rooms that the other clients share. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { isStrict } from '../support/components.ts'
import { sign } from '../support/tokens.ts'
import { SOCKET_IO } from './clients.ts'
import { type Found, probe, Visit } from './foreign-client.ts'
import { note } from './results.ts'
import { openScene, type Scene } from './scene.ts'

describe.each(['websocket', 'polling'])('python-socketio over %s', (transport) => {
  const client = { ...SOCKET_IO, env: { TRANSPORT: transport } }
  let found: Found
  let scene: Scene
  const visits: Visit[] = []
  beforeAll(async () => {
    found = probe(client)
    if ('missing' in found && isStrict()) throw new Error(found.missing)
    scene = await openScene()
  })
  afterEach(async () => {
    for (const visit of visits.splice(0)) await visit.stop()
  })
  afterAll(async () => {
    await scene.close()
    const cells = 'version' in found && [found.version, transport, 'resumes by `auth.offset`']
    note({ table: 'socketio', client: client.name, ...(cells ? { cells } : found) })
  })
  const test = (title: string, body: () => Promise<void>) =>
    it(title, async ({ skip }) => {
      if ('missing' in found) skip(found.missing)
      await body()
    })
  /** Opens a namespace. */
  const visit = async (path: string, ...words: string[]) => {
    const visit = new Visit(client, [`http://${scene.relay.host}${path}`, ...words])
    visits.push(visit)
    expect(await visit.next()).toEqual({ open: { protocol: transport } })
    return visit
  }
  /** What it hears next: each the name of an event and its arguments. */
  const events = async (visit: Visit, count: number): Promise<unknown[][]> =>
    (await visit.take(count)).map(({ text = 'null' }) => JSON.parse(text))

  test('connects, says and hears, is acknowledged, and leaves', async () => {
    const ben = await scene.enter('/notes/socketio')
    const said = JSON.stringify(['note', { text: 'grüße 🌍' }, { id: '1' }])
    const ann = await visit('/notes/socketio?name=ann', 'hear', '1', 'text', said, 'hear', '1', 'close', '1000', '')
    const [[type, welcome] = []] = await events(ann, 1)
    expect([type, welcome]).toMatchObject(['welcome', { room: '/notes/socketio', you: { name: 'ann' } }])
    const [ack, noted] = await events(ann, 2)
    expect(ack).toMatchObject(['ack', { ok: true, seq: 1 }])
    expect(noted).toMatchObject(['noted', { text: 'grüße 🌍', from: 'ann' }, { seq: 1 }, expect.any(String)])
    expect(await ben.next('noted')).toMatchObject({ data: { text: 'grüße 🌍' } })
    await ann.done()
    // Its `disconnect()` may close the connection before it has said so, and a lost connection is waited for.
    await scene.say('/echo', 'a moment')
    await scene.pass(10_000)
    expect(await ben.next('left')).toMatchObject({ data: { name: 'ann' } })
    await ben.close()
  })

  test('carries bytes in a raw room', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('hex')
    const echo = await visit('/echo', 'binary', bytes, 'hear', '1', 'close', '1000', '')
    expect(await echo.next()).toEqual({ binary: bytes })
  })

  test('brings a token in auth, and without one is told why it stays out', async () => {
    const token = await sign({ sub: 'u1', name: 'Ann' })
    const secret = await visit(`/secret?token=${token}`, 'hear', '1', 'close', '1000', '')
    const [[type, welcome] = []] = await events(secret, 1)
    expect([type, welcome]).toMatchObject(['welcome', { you: { id: 'u1', name: 'Ann' } }])
    const out = new Visit(client, [`http://${scene.relay.host}/secret`, 'end'])
    visits.push(out)
    expect(await out.next()).toEqual({ refused: { status: 401 } })
  })

  test('resumes from its last offset: nothing missed, nothing repeated', async () => {
    const ben = await scene.enter('/notes/socketio-resume')
    const say = async (from: number, to: number) => {
      for (let i = from; i <= to; i += 1) ben.send('note', { text: String(i) })
      for (let i = from; i <= to; i += 1) await ben.next('noted')
    }
    const first = await visit('/notes/socketio-resume?name=ann', 'hear', '4', 'end')
    await first.next()
    await say(1, 3)
    const heard = await events(first, 3)
    // A client that polls may not notice that a request was cut, so that one is killed.
    if (transport === 'polling') await first.stop()
    else scene.relay.cut()
    if (transport !== 'polling') expect((await first.next()).closed).toMatchObject({ code: 1006 })
    await say(4, 6)
    const offset = String(heard.at(-1)?.[3])
    const second = await visit(`/notes/socketio-resume?name=ann&offset=${offset}`, 'hear', '5', 'close', '1000', '')
    const [[type, welcome] = []] = await events(second, 1)
    expect([type, welcome]).toMatchObject(['welcome', { resumed: true }])
    heard.push(...(await events(second, 3)))
    await say(7, 7)
    heard.push(...(await events(second, 1)))
    expect(heard.map(([, data]) => data)).toMatchObject([1, 2, 3, 4, 5, 6, 7].map((i) => ({ text: String(i) })))
    await ben.close()
  })

  test('hears why the server ends it', async () => {
    const ends = await visit('/shut', 'end')
    const heard = await events(ends, 3)
    expect(heard.map(([type]) => type)).toEqual(['welcome', 'error', 'error'])
    expect(heard.at(-1)?.[1]).toMatchObject({ code: 'closed', close: 1008 })
    expect((await ends.next()).closed).toMatchObject({ code: 1006 })
  })
})
