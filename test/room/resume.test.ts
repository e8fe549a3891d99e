/** Where a client may resume, over a real server and its file: at each edge it gets all it missed, or the reason why not. */
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import { type Client, type EventFrame, refused } from '../support/client.ts'
import { startServer, type TestServer } from '../support/server.ts'

interface Welcome {
  epoch: string
  first: number
  seq: number
  resumed?: boolean
  reason?: string
}

const definition = defineRoom({
  receives: { say: z.string() },
  sends: { said: z.string() },
  open: (room) => ({ receive: { say: (_, text) => room.publish('said', text) } }),
})
const limits = { rate: { perSecond: 10_000, burst: 10_000 } }
const line = { definition, history: { keep: 100, replay: 2 }, limits }

let folder: string
let server: TestServer
const clients: Client[] = []

const start = async (dataDir = folder) => {
  const rooms = { '/room': line, '/other': line, '/short': { ...line, history: { keep: 5, replay: 2 } } }
  server = await startServer({ rooms, env: { DATA_DIR: dataDir } })
}
const stop = async () => {
  for (const client of clients.splice(0)) client.terminate()
  await server.close()
}
const restart = async () => {
  await stop()
  await start()
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'corridor-resume-'))
  await start()
})
afterEach(async () => {
  await stop()
  rmSync(folder, { recursive: true })
})

async function enter(path: string, offset?: string): Promise<{ client: Client; welcome: Welcome }> {
  const client = await server.connect(path, { ...(offset !== undefined && { offset }) })
  clients.push(client)
  return { client, welcome: (await client.next<Welcome>('welcome')).data }
}

/** Says texts in a room and waits until all are kept. → the epoch */
async function say(path: string, ...texts: string[]): Promise<string> {
  const { client, welcome } = await enter(path)
  for (const text of texts) client.send('say', text, text)
  for (const _ of texts) await client.next('ack')
  return welcome.epoch
}

const at = (epoch: string, seq: number | bigint) => `${epoch}_${String(seq).padStart(16, '0')}`

/** Comes with an offset. → its welcome, and the texts that follow up to the newest event of then. */
async function resume(path: string, offset: string): Promise<Welcome & { texts: string[] }> {
  const { client, welcome } = await enter(path, offset)
  const texts: string[] = []
  // Its own message marks the end of the earlier events.
  const end = `end of ${Math.random()}`
  client.send('say', end, end)
  for (;;) {
    const { type, data }: EventFrame = await client.next()
    if (type === 'said' && data === end) return { ...welcome, texts }
    if (type === 'said') texts.push(String(data).replace(/^end of .*/, 'end'))
  }
}

describe('a client that comes back', () => {
  it('from the very beginning gets everything', async () => {
    const epoch = await say('/room', 'a', 'b', 'c')
    expect(await resume('/room', at(epoch, 0))).toEqual(
      expect.objectContaining({ resumed: true, first: 1, seq: 3, texts: ['a', 'b', 'c'] }),
    )
  })

  it('with the names that a read over HTTP knows begins there: at the oldest event kept, or now', async () => {
    await say('/room', 'a', 'b', 'c')
    expect(await resume('/room', '-1')).toMatchObject({ resumed: true, first: 1, seq: 3, texts: ['a', 'b', 'c'] })
    expect(await resume('/room', 'now')).toMatchObject({ resumed: true, seq: 4, texts: [] })
    for (const offset of ['-1', 'now']) {
      const { welcome } = await enter('/other', offset)
      expect(welcome).toMatchObject({ resumed: true, first: 1, seq: 0 })
    }
    await say('/short', ...Array.from({ length: 12 }, (_, i) => String(i + 1)))
    expect(await resume('/short', '-1')).toMatchObject({ resumed: true, first: 8, texts: ['8', '9', '10', '11', '12'] })
  })

  it('from the last event gets nothing but what comes next', async () => {
    const epoch = await say('/room', 'a', 'b', 'c')
    expect(await resume('/room', at(epoch, 3))).toMatchObject({ resumed: true, seq: 3, texts: [] })
  })

  it('twice without any traffic gets the same twice', async () => {
    const epoch = await say('/room', 'a', 'b', 'c')
    for (const _ of [1, 2]) {
      const { client, welcome } = await enter('/room', at(epoch, 2))
      expect(welcome).toMatchObject({ resumed: true, seq: 3 })
      expect(await client.next('said')).toMatchObject({ seq: 3, data: 'c' })
    }
  })

  it('from an event that does not exist yet gets the reason, and begins as a newcomer', async () => {
    const epoch = await say('/room', 'a', 'b', 'c')
    const ahead = { resumed: false, reason: 'ahead', seq: 3, texts: ['b', 'c'] }
    expect(await resume('/room', at(epoch, 4))).toMatchObject(ahead)
    expect(await resume('/room', at(epoch, Number.MAX_SAFE_INTEGER))).toMatchObject({ resumed: false, reason: 'ahead' })
  })

  it('from an empty room’s end gets the first event', async () => {
    const { welcome } = await enter('/room')
    expect(welcome).toMatchObject({ first: 1, seq: 0 })
    await say('/room', 'a')
    expect(await resume('/room', at(welcome.epoch, 0))).toMatchObject({ resumed: true, texts: ['a'] })
  })

  it('with the offset of another room or of nowhere gets the reason that the log is unknown', async () => {
    await say('/room', 'a', 'b', 'c')
    const other = await say('/other', 'x', 'y')
    const unknown = { resumed: false, reason: 'epoch', first: 1, texts: ['b', 'c'] }
    expect(await resume('/room', at(other, 1))).toMatchObject(unknown)
    expect(await resume('/room', at('0'.repeat(32), 0))).toMatchObject({ resumed: false, reason: 'epoch' })
  })

  it('from before what is kept gets the reason that it was trimmed, and the oldest event kept', async () => {
    const epoch = await say('/short', ...Array.from({ length: 12 }, (_, i) => String(i + 1)))
    const kept = { first: 8, seq: 12 }
    expect((await enter('/short', at(epoch, 6))).welcome).toMatchObject({ ...kept, resumed: false, reason: 'trimmed' })
    const { client, welcome } = await enter('/short', at(epoch, 7))
    expect(welcome).toMatchObject({ ...kept, resumed: true })
    for (const seq of [8, 9, 10, 11, 12]) expect(await client.next('said')).toMatchObject({ seq, data: String(seq) })
  })

  it.each([
    '0',
    '-2',
    'Now',
    'abc',
    `${'0'.repeat(32)}`,
    `${'0'.repeat(32)}_1`,
    `${'0'.repeat(32)}_000000000000000x`,
    `_${'0'.repeat(16)}`,
    at('0'.repeat(32), 2n ** 53n),
  ])('with the offset %s, which no room ever gave, is refused', async (offset) => {
    const answer = await refused(`${server.ws}/room?offset=${offset}`)
    expect(answer).toMatchObject({ status: 400, body: { error: 'bad_offset' } })
  })
})

describe('after a restart', () => {
  it('an earlier offset still works if nothing was lost, also after many restarts', async () => {
    const epoch = await say('/room', 'a', 'b')
    await restart()
    expect(await resume('/room', at(epoch, 2))).toMatchObject({ resumed: true, seq: 2, texts: [] })
    await restart()
    await restart()
    const { epoch: now, ...last } = await resume('/room', at(epoch, 1))
    expect(last).toMatchObject({ resumed: true, first: 1, seq: 3, texts: ['b', 'end'] })
    expect(now > epoch).toBe(true)
  })

  it('an earlier offset beyond the end of its life is reported as lost: its numbers belong to other events now', async () => {
    const epoch = await say('/room', 'a', 'b')
    await restart()
    await say('/room', 'c', 'd')
    expect(await resume('/room', at(epoch, 3))).toMatchObject({ resumed: false, reason: 'truncated' })
    expect(await resume('/room', at(epoch, 2))).toMatchObject({ resumed: true, texts: ['c', 'd', 'end'] })
  })

  it('a deleted database is reported', async () => {
    const epoch = await say('/room', 'a', 'b')
    await stop()
    rmSync(folder, { recursive: true })
    await start()
    const { welcome } = await enter('/room', at(epoch, 2))
    expect(welcome).toMatchObject({ resumed: false, reason: 'epoch', first: 1, seq: 0 })
    await say('/room', 'x', 'y')
    expect(await resume('/room', at(epoch, 2))).toMatchObject({ resumed: false, reason: 'epoch' })
  })

  it('a restored backup older than the client’s offset is reported', async () => {
    const old = await say('/room', 'a')
    await stop()
    const backup = copyOf()
    await start()
    const epoch = await say('/room', 'b', 'c')
    await stop()
    backup.restore()
    await start()
    await say('/room', 'x', 'y')
    expect(await resume('/room', at(epoch, 3))).toMatchObject({ resumed: false, reason: 'epoch' })
    expect(await resume('/room', at(epoch, 1))).toMatchObject({ resumed: false, reason: 'epoch' })
    expect(await resume('/room', at(old, 1))).toMatchObject({
      resumed: true,
      texts: expect.arrayContaining(['x', 'y']),
    })
  })

  it('a restored backup from the midst of the client’s time is reported to clients that saw more, and to no others', async () => {
    const epoch = await say('/room', 'a', 'b')
    const backup = copyOf()
    await say('/room', 'lost')
    await stop()
    backup.restore()
    await start()
    expect(await resume('/room', at(epoch, 3))).toMatchObject({ resumed: false, reason: 'truncated', seq: 2 })
    expect(await resume('/room', at(epoch, 2))).toMatchObject({ resumed: true, texts: ['end'] })
  })

  it('a server that keeps nothing reports it to every client', async () => {
    await stop()
    await start(':memory:')
    const epoch = await say('/room', 'a')
    await stop()
    await start(':memory:')
    expect((await enter('/room', at(epoch, 1))).welcome).toMatchObject({ resumed: false, reason: 'epoch', seq: 0 })
  })
})

/** A copy of the files of the log as they are now. */
function copyOf(): { restore(): void } {
  const copy = mkdtempSync(join(tmpdir(), 'corridor-backup-'))
  for (const name of readdirSync(folder)) copyFileSync(join(folder, name), join(copy, name))
  return {
    restore() {
      for (const name of readdirSync(folder)) rmSync(join(folder, name))
      for (const name of readdirSync(copy)) copyFileSync(join(copy, name), join(folder, name))
      rmSync(copy, { recursive: true })
    },
  }
}
