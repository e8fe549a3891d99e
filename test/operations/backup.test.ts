/**
 * Backups: of a running server over HTTP and by its data folder, of a stopped one, and of one that was killed. A copy is
 * the log at one moment, whatever is written meanwhile; a server opens it, and clients resume.
 */
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { backup } from '../../src/cli/backup.ts'
import { defineRoom } from '../../src/define.ts'
import { ADMIN_TOKEN } from '../support/operator.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** Moves amounts between two accounts in its storage, and publishes each move. */
const ledger = defineRoom({
  receives: { move: z.int() },
  sends: { moved: z.int(), stands: z.object({ a: z.int(), b: z.int() }) },
  stores: { a: z.int().default(1000), b: z.int().default(0) },
  open: (room) => ({
    join: (peer) => peer.send('stands', { a: room.storage.get('a'), b: room.storage.get('b') }),
    receive: {
      move(_, amount) {
        room.storage.set('a', room.storage.get('a') - amount)
        room.storage.set('b', room.storage.get('b') + amount)
        return room.publish('moved', amount)
      },
    },
  }),
})

let folder: string
let servers: TestServer[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'corridor-backup-'))
})
afterEach(async () => {
  for (const server of servers) await server.close()
  servers = []
  await rm(folder, { recursive: true, force: true })
})

async function start(name: string, limits = {}): Promise<TestServer> {
  const rooms = { '/ledger': { definition: ledger, history: { replay: 0, keep: 100_000 }, limits } }
  const server = await startServer({ rooms, env: { ADMIN_TOKEN, DATA_DIR: join(folder, name) } })
  servers.push(server)
  return server
}

async function stop(server: TestServer): Promise<void> {
  servers = servers.filter((other) => other !== server)
  await server.close()
}

const authorization = `Bearer ${ADMIN_TOKEN}`
const download = (server: TestServer) => fetch(`${server.url}/admin/backup`, { headers: { authorization } })

async function command(args: string[], env: Record<string, string> = {}): Promise<[number, string]> {
  const said: string[] = []
  const stream = { write: (text: string) => said.push(text) }
  const code = await backup(
    args,
    { stdout: stream, stderr: stream },
    { env: { DATA_DIR: 'live', ...env }, cwd: folder },
  )
  return [code, said.join('')]
}

async function move(server: TestServer, count: number): Promise<string> {
  const peer = await server.connect('/ledger')
  const { data } = await peer.next<{ epoch: string }>('welcome')
  for (let id = 0; id < count; id += 1) peer.send('move', 1, String(id))
  for (let id = 0; id < count; id += 1) await peer.next('ack')
  peer.terminate()
  return data.epoch
}

describe('GET /admin/backup', () => {
  it('is a copy that a server opens, in which clients resume', async () => {
    const live = await start('live')
    const epoch = await move(live, 20)
    const answer = await download(live)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="corridor.db"')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    await writeFile(join(folder, 'copy.db'), Buffer.from(await answer.arrayBuffer()))
    await move(live, 5)
    const server = await restored('copy.db', 'other')
    const offset = (seq: number) => `${epoch}_${String(seq).padStart(16, '0')}`
    const known = await server.connect('/ledger', { offset: offset(18) })
    expect((await known.next('welcome')).data).toMatchObject({ seq: 20, resumed: true })
    expect((await known.next('moved')).seq).toBe(19)
    // It saw what came after the copy was made.
    const ahead = await server.connect('/ledger', { offset: offset(25) })
    expect((await ahead.next('welcome')).data).toMatchObject({
      resumed: false,
      reason: expect.stringMatching(/ahead|truncated/),
    })
    expect((await ahead.next('stands')).data).toEqual({ a: 980, b: 20 })
    expect(await readdir(join(folder, 'live'))).not.toContainEqual(expect.stringMatching(/^backup-/))
  })

  it('is 404 where nothing is kept, and a copy for each who asks at once', async () => {
    const memory = await startServer({ rooms: { '/ledger': { definition: ledger } }, env: { ADMIN_TOKEN } })
    servers.push(memory)
    expect((await download(memory)).status).toBe(404)
    expect((await fetch(`${memory.url}/admin/backup`, { method: 'HEAD', headers: { authorization } })).status).toBe(405)
    const live = await start('live')
    await move(live, 3)
    const copies = await Promise.all([download(live), download(live), download(live)])
    for (const copy of copies) expect((await copy.arrayBuffer()).byteLength).toBeGreaterThan(4096)
  })

  it('is the log at one moment, whatever is written meanwhile', async () => {
    const live = await start('live', { rate: { perSecond: 1e6, burst: 1e6 } })
    let isOver = false
    const peer = await live.connect('/ledger')
    const moving = (async () => {
      for (let id = 0; !isOver; id += 1) {
        peer.send('move', 1, String(id))
        await peer.next('ack')
      }
    })()
    const copies: Buffer[] = []
    while (copies.length < 5) copies.push(Buffer.from(await (await download(live)).arrayBuffer()))
    isOver = true
    await moving
    for (const [index, copy] of copies.entries()) {
      const file = join(folder, `${index}.db`)
      await writeFile(file, copy)
      expect(sumOf(file)).toMatchObject({ sum: 1000, isSame: true, check: 'ok' })
    }
  })
})

describe('corridor backup FILE', () => {
  it('copies the log of a running server, found by its data folder', async () => {
    const live = await start('live')
    await move(live, 7)
    expect(await command(['copy.db'])).toEqual([
      0,
      expect.stringMatching(/copy\.db: \d+\w+, the log of the running server\n$/),
    ])
    expect(sumOf(join(folder, 'copy.db'))).toMatchObject({ events: 7, sum: 1000, isSame: true })
    // Nothing but files, so that the folder can be copied.
    const kinds = await readdir(join(folder, 'live'), { withFileTypes: true })
    expect(kinds.filter((entry) => !entry.isFile())).toEqual([])
    expect((await readdir(folder)).sort()).toEqual(['copy.db', 'live'])
    await stop(live)
    expect(await readdir(join(folder, 'live'))).not.toContain('backup.secret')
    const server = await restored('copy.db', 'other')
    const peer = await server.connect('/ledger')
    expect((await peer.next('stands')).data).toEqual({ a: 993, b: 7 })
  })

  it('copies the log of a stopped server, also of one that was killed', async () => {
    const live = await start('live')
    await move(live, 7)
    // As a kill leaves it: what was committed last is in the file that SQLite writes ahead.
    const killed = join(folder, 'killed')
    await start('killed').then(stop)
    for (const name of ['corridor.db', 'corridor.db-wal'])
      await copyFile(join(folder, 'live', name), join(killed, name))
    await stop(live)
    for (const name of ['live', 'killed']) {
      const [code, said] = await command([`${name}.db`], { DATA_DIR: name })
      expect([code, said]).toEqual([0, expect.stringContaining('the log of the stopped server')])
      expect(sumOf(join(folder, `${name}.db`))).toMatchObject({ events: 7, sum: 1000, isSame: true })
    }
  })

  it('asks for the other way where a server has the log open and no socket', async () => {
    const live = await start('live')
    await move(live, 1)
    await rm(join(folder, 'live', 'backup.secret'))
    expect(await command(['copy.db'])).toEqual([1, expect.stringMatching(/a server has it open.*GET \/admin\/backup/)])
    expect(await readdir(folder)).toEqual(['live'])
  })

  it('overwrites nothing, and leaves nothing where it fails', async () => {
    const live = await start('live')
    await writeFile(join(folder, 'there.db'), 'mine')
    expect(await command(['there.db'])).toEqual([
      1,
      expect.stringMatching(/^backup: .*there\.db is there already; name another/),
    ])
    expect(await readFile(join(folder, 'there.db'), 'utf8')).toBe('mine')
    await stop(live)
    await writeFile(
      join(folder, 'live', 'corridor.db'),
      'no database at all, but long enough to be looked at'.repeat(50),
    )
    const wrong: [string[], Record<string, string>, RegExp][] = [
      [[], {}, /expected the file to write/],
      [['a', 'b'], {}, /expected the file to write/],
      [['--all'], {}, /expected the file to write/],
      [['copy.db'], { DATA_DIR: ':memory:' }, /nothing is kept/],
      [['copy.db'], { DATA_DIR: 'nowhere' }, /expected the log .*nowhere/],
      [['copy.db'], {}, /not a database/],
      [['no/such/folder/copy.db'], {}, /ENOENT/],
    ]
    for (const [args, env, message] of wrong)
      expect(await command(args, env)).toEqual([1, expect.stringMatching(message)])
    expect((await readdir(folder)).sort()).toEqual(['live', 'there.db'])
  })
})

/** A server on a copy. */
async function restored(copy: string, name: string): Promise<TestServer> {
  await stop(await start(name))
  await copyFile(join(folder, copy), join(folder, name, 'corridor.db'))
  return start(name)
}

/** Whether the storage of the room is what its events make of it. */
function sumOf(file: string) {
  const db = new DatabaseSync(file)
  try {
    const events = Number(db.prepare('SELECT count(*) AS count FROM events').get()?.count)
    const rows = db.prepare("SELECT key, value FROM storage WHERE key IN ('a', 'b')").all()
    const values = new Map(rows.map(({ key, value }) => [key, Number(Buffer.from(value as Uint8Array).toString())]))
    const [a = 1000, b = 0] = [values.get('a'), values.get('b')]
    const check = db.prepare('PRAGMA integrity_check').get()?.integrity_check
    return { events, sum: a + b, isSame: b === events, check }
  } finally {
    db.close()
  }
}
