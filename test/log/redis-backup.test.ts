/** A backup of the Redis log is a database that the SQLite log opens: everything goes on, and clients resume. */
import { readdirSync } from 'node:fs'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { backup } from '../../src/cli/backup.ts'
import { need } from '../support/components.ts'
import { draft, seqs } from '../support/log-under-test.ts'
import { RestoreStage } from '../support/restore-stage.ts'

const command = need('redis')

const key = (id: string) => ({ client: 'ann', id, hash: 'h', draft: 0 })

describe.skipIf(!command)('a backup of the Redis log', () => {
  const stage = new RestoreStage(command ?? '')

  it('has every event, with those that were redacted, and the numbers go on', async () => {
    const log = await stage.live()
    const room = await stage.open(log)
    await room.append(Array.from({ length: 1200 }, (_, n) => draft(String(n))))
    for (const seq of [1, 700, 701, 1199])
      await room.append([{ type: 'redacted', data: `{"seq":${seq}}` }], [], { redacted: [seq] })
    const all = await room.read(0, 2000, 1e9)
    const copy = await stage.restored(log)
    const again = await stage.open(copy)
    expect([again.first, again.seq]).toEqual([1, 1204])
    const plain = ({ seq, type, data, time }: (typeof all)[number]) => ({ seq, type, data, time })
    const read: (typeof all)[number][] = []
    while (read.length < 1204) read.push(...(await again.read(read.length, 500)))
    expect(read.map(plain)).toEqual(all.map(plain))
    expect(await again.append([draft('next')])).toBe(1205)
    expect(again.locate(room.epoch, 1204)).toEqual({ after: 1204 })
    expect(again.locate(room.epoch, 1205)).toEqual({ lost: 'truncated' })
    expect(Buffer.from(copy.key)).toEqual(Buffer.from(log.key))
  })

  it('has storage, alarms and producers, of each room its own', async () => {
    const log = await stage.live()
    const bytes = new Uint8Array([0, 255, 7])
    for (const name of ['a', 'b', 'é']) {
      const room = await stage.open(log, `/r/${name}`)
      await room.append([draft(name)], [{ producer: 'p', epoch: 3, seq: 7 }], {
        storage: new Map<string, string | Uint8Array>([
          ['name', JSON.stringify(name)],
          ['a\u0000b', bytes],
        ]),
        alarms: new Map([['ring', 5000]]),
      })
    }
    const copy = await stage.restored(log)
    expect(await copy.rooms(10)).toEqual(await log.rooms(10))
    expect(await copy.alarms(10)).toEqual(await log.alarms(10))
    for (const name of ['a', 'b', 'é']) {
      const room = await stage.open(copy, `/r/${name}`)
      const { storage, alarms } = room.takeState()
      expect([...storage].sort()).toEqual([
        ['a\u0000b', bytes],
        ['name', JSON.stringify(name)],
      ])
      expect([...alarms]).toEqual([['ring', 5000]])
      expect(await room.producer('p')).toEqual({ epoch: 3, seq: 7 })
    }
  })

  it('resumes offsets of every epoch, also of those in which nothing was said', async () => {
    const log = await stage.live()
    const epochs: string[] = []
    for (let n = 1; n <= 4; n += 1) {
      const room = await stage.open(log)
      epochs.push(room.epoch)
      if (n % 2 === 0) await room.append([draft('a')])
      await room.close()
      await stage.clock.advance(1000)
    }
    const silentRoom = await stage.open(log)
    epochs.push(silentRoom.epoch)
    const cleared = await stage.open(log, '/cleared')
    await cleared.append([draft('a')])
    await cleared.append([draft('b')], [], { clearsHistory: true })
    const erased = await stage.open(log, '/erased')
    await erased.append([draft('a')], [key('1')])
    await log.erase('/erased')
    await stage.clock.advance(1000)
    const copy = await stage.restored(log)
    const again = await stage.open(copy)
    for (const epoch of epochs) {
      expect(again.locate(epoch, 0)).toEqual({ after: 0 })
      expect((await stage.open(copy, '/cleared')).locate(epoch, 0)).toEqual({ lost: 'epoch' })
    }
    expect(again.locate(epochs[4] ?? '', 2)).toEqual({ after: 2 })
    expect(again.epoch > silentRoom.epoch).toBe(true)
    expect((await stage.open(copy, '/cleared')).locate(cleared.epoch, 2)).toEqual({ after: 2 })
    const gone = await stage.open(copy, '/erased')
    expect([gone.first, gone.seq, gone.locate(erased.epoch, 1)]).toEqual([2, 1, { lost: 'cleared' }])
    expect(await gone.recall('ann', '1')).toBeUndefined()
  })

  it('has each room as it was at one moment, whatever is written and removed meanwhile', async () => {
    const log = await stage.live()
    const room = await stage.open(log, '/room', { keep: 3000 })
    const move = (n: number) =>
      room.append([{ type: 'moved', data: JSON.stringify({ n, padding: 'x'.repeat(500) }) }], [key(`${n}`)], {
        storage: new Map([['to', String(n)]]),
      })
    for (let n = 1; n <= 3000; n += 1) void move(n)
    await move(3001)
    let isDone = false
    const copying = stage.restored(log).finally(() => {
      isDone = true
    })
    let n = 3001
    while (!isDone) await move(++n)
    const again = await stage.open(await copying)
    expect(again.seq).toBeGreaterThanOrEqual(3001)
    expect(n).toBeGreaterThan(again.seq)
    expect(again.takeState().storage.get('to')).toBe(String(again.seq))
    const read: number[] = []
    for (let after = again.first - 1; after < again.seq; after = read.at(-1) ?? again.seq)
      read.push(...seqs(await again.read(after, 500)))
    expect(read).toEqual(Array.from({ length: again.seq - again.first + 1 }, (_, index) => again.first + index))
    expect(read.length).toBeGreaterThan(1000)
    expect(await again.recall('ann', String(again.seq))).toMatchObject({ seq: again.seq })
    expect(await again.recall('ann', String(again.seq + 1))).toBeUndefined()
  })

  it('leaves nothing behind, also where it fails or its reader goes', async () => {
    vi.stubEnv('TMPDIR', stage.folder)
    onTestFinished(() => void vi.unstubAllEnvs())
    const log = await stage.live()
    await (await stage.open(log)).append([draft('a')])
    for await (const piece of log.backup?.() ?? []) {
      expect(piece.length).toBeGreaterThan(0)
      expect(readdirSync(stage.folder)).toHaveLength(1)
      break
    }
    await (await stage.redis()).connection.command('SET', 'corridor:secret', 'x')
    await (await stage.redis()).connection.command('DEL', 'corridor:{0}rooms')
    await (await stage.redis()).connection.command('SET', 'corridor:{0}rooms', 'no index')
    await expect(stage.restored(log)).rejects.toThrow('WRONGTYPE')
    expect(readdirSync(stage.folder)).toEqual([])
  })

  it('is a log without rooms where there are none', async () => {
    const copy = await stage.restored(await stage.live())
    expect(await copy.rooms(10)).toEqual([])
    expect((await stage.open(copy)).seq).toBe(0)
  })

  it('is written by the command of whoever knows REDIS_URL, without a server', async () => {
    const log = await stage.live()
    const room = await stage.open(log)
    await room.append([draft('a')], [key('1')])
    const { url } = (await stage.redis()).server
    const said: string[] = []
    const stream = { write: (text: string) => said.push(text) }
    const run = (env: Record<string, string>) =>
      backup([env.FILE ?? 'corridor.db'], { stdout: stream, stderr: stream }, { env, cwd: stage.folder })
    expect(await run({ REDIS_URL: url })).toBe(0)
    expect(said.splice(0).join('')).toMatch(/corridor\.db: \d+\w+, the log in the Redis of REDIS_URL\n$/)
    const copy = await stage.started()
    expect(await (await stage.open(copy)).recall('ann', '1')).toMatchObject({ seq: 1 })
    expect(await run({ REDIS_URL: url })).toBe(1)
    expect(await run({ REDIS_URL: 'redis://127.0.0.1:1', FILE: 'other.db' })).toBe(1)
    expect(said.join('')).toMatch(/is there already.*\n.*REDIS_URL: expected a Redis there, got: .*ECONNREFUSED/s)
    expect(readdirSync(stage.folder)).not.toContain('other.db')
  })
})
