/** A log may keep one entry better than another: each answer says how well its own message is kept. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { systemClock } from '../../src/clock.ts'
import { defineRoom } from '../../src/define.ts'
import type { Log } from '../../src/log/log.ts'
import { MemoryLog } from '../../src/log/memory.ts'
import { SqliteLog } from '../../src/log/sqlite/sqlite.ts'
import { systemRandom } from '../../src/random.ts'
import { levelledLog } from '../support/levelled-log.ts'
import { ADMIN_TOKEN, operatorOf } from '../support/operator.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { joinSocketIo } from '../support/socketio-peer.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const LEVELS = ['fsync', 'os', 'replicated', 'memory', 'replicated', 'fsync']

const talk = defineRoom({
  receives: { say: z.string(), nothing: z.null(), ask: z.string() },
  sends: { said: z.string(), answer: z.any() },
  open: (room) => ({
    receive: {
      say: (_, level) => room.publish('said', level),
      nothing() {},
      ask: async (peer, level) => peer.send('answer', await room.send('/other', 'say', level)),
    },
  }),
})

let server: TestServer
let folder: string
let log: Log
afterEach(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

describe.each([
  ['in memory', async () => new MemoryLog(systemClock(), systemRandom())],
  ['in a file', () => SqliteLog.open(folder, systemClock(), systemRandom(), silent)],
])('with a log %s that keeps each entry in another way', (_, open) => {
  const start = async () => {
    folder = mkdtempSync(join(tmpdir(), 'corridor-levels-'))
    log = levelledLog(await open())
    const limits = { rate: { perSecond: 1e5, burst: 1e5 } }
    const line = { definition: talk, limits }
    server = await startServer({ log, rooms: { '/talk': line, '/other': line }, env: { ADMIN_TOKEN } })
  }

  it('an ack says it for its message, and a repeated one for now', async () => {
    await start()
    const ann = await server.connect('/talk', { client: 'ann' })
    for (const [index, level] of LEVELS.entries()) ann.send('say', level, String(index))
    for (const [index, kept] of LEVELS.entries()) expect(await ann.next('ack')).toMatchObject({ id: `${index}`, kept })
    ann.send('say', 'fsync', '0')
    expect(await ann.next('ack')).toMatchObject({ id: '0', kept: 'memory', duplicate: true })
    ann.send('nothing', null, 'n')
    expect(await ann.next('ack')).toMatchObject({ id: 'n', kept: 'memory' })
  })

  it('so does an answer to a Socket.IO client', async () => {
    await start()
    const ann = await joinSocketIo(server, '/talk', { client: 'ann' }, 'websocket')
    const answers = LEVELS.map((level) => ann.socket.emitWithAck('say', level))
    expect((await Promise.all(answers)).map(({ kept }) => kept)).toEqual(LEVELS)
    ann.terminate()
  })

  it('so do the answers to another room and to the operator', async () => {
    await start()
    const ann = await server.connect('/talk', { client: 'ann' })
    const { act } = operatorOf(() => server)
    for (const kept of LEVELS) {
      ann.send('ask', kept)
      expect((await ann.next('answer')).data).toMatchObject({ kept })
      const [, said] = await act('say', { room: '/talk', type: 'say', data: kept })
      expect(said).toMatchObject({ kept })
    }
  })
})
