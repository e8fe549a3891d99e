/** What a backup costs those who write meanwhile (catalogue: LB11). That the copies are whole: `backup.test.ts`. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Client } from '../support/client.ts'
import { bound, tell } from '../support/figures.ts'
import notes from '../support/notes.ts'
import { ADMIN_TOKEN } from '../support/operator.ts'
import { startServer } from '../support/server.ts'

const PEERS = 8
const FILL_MS = 8000
const LOOK_MS = 2000
const ROUNDS = 5
const TEXT = 'x'.repeat(900)

it('nobody waits long for an ack while a backup is made', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'corridor-backup-'))
  const limits = { rate: { perSecond: 1e6, burst: 1e6 } }
  const rooms = { '/r/:name': { definition: notes, limits, history: { keep: 100_000, replay: 0 } } }
  const server = await startServer({ rooms, env: { ADMIN_TOKEN, DATA_DIR: folder, LOG_LEVEL: 'warn' } })
  let longest = 0
  let isOver = false
  /** One message after the other. */
  const write = async (peer: Client) => {
    for (let id = 0; !isOver; id += 1) {
      const startedMs = performance.now()
      peer.send('note', { text: TEXT }, String(id))
      await peer.next('ack')
      longest = Math.max(longest, performance.now() - startedMs)
    }
  }
  const peers = await Promise.all(Array.from({ length: PEERS }, (_, name) => server.connect(`/r/${name}`)))
  const writing = Promise.all(peers.map(write))
  const longestDuring = async (work: () => Promise<unknown>) => {
    longest = 0
    await work()
    return longest
  }
  await wait(FILL_MS)
  const usual: number[] = []
  const during: number[] = []
  let bytes = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    usual.push(await longestDuring(() => wait(LOOK_MS)))
    const download = async () => {
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
      bytes = (await (await fetch(`${server.url}/admin/backup`, { headers })).arrayBuffer()).byteLength
    }
    during.push(await longestDuring(download))
  }
  isOver = true
  await writing
  await server.close()
  await rm(folder, { recursive: true })
  expect(bytes).toBeGreaterThan(1e6)
  // The usual one of several rounds: a busy disk is late now and then, with a backup or without.
  const middle = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
  tell('LB11', 'MiB of the log', bytes / 1024 ** 2)
  tell('LB11', 'longest wait for an ack without a backup, ms', middle(usual))
  bound('LB11', 'longest wait for an ack beyond that while a backup is made, ms', middle(during) - middle(usual), 50)
})
