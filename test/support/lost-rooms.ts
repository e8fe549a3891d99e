/** A server whose log can take its rooms away, for each test of a file. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import { closeInTime } from './close-in-time.ts'
import type { LOSING, LosingLog } from './losing-log.ts'
import { ADMIN_TOKEN } from './operator.ts'
import { type Setup, startServer, type TestServer } from './server.ts'

export interface LostRooms {
  readonly server: TestServer
  readonly losing: LosingLog
  start(open: (typeof LOSING)[number][1], rooms: NonNullable<Setup['rooms']>): Promise<void>
}

export function lostRooms(): LostRooms {
  let running: { server: TestServer; losing: LosingLog; folder: string } | undefined
  const now = () => {
    if (!running) throw new Error('expected a running server: start() one first')
    return running
  }
  afterEach(async () => {
    if (!running) return
    const { server, losing, folder } = running
    running = undefined
    losing.release()
    await closeInTime(server, losing.clock)
    rmSync(folder, { recursive: true })
  })
  return {
    get server() {
      return now().server
    },
    get losing() {
      return now().losing
    },
    async start(open, rooms) {
      const folder = mkdtempSync(join(tmpdir(), 'corridor-lost-'))
      const losing = await open(folder)
      const { log, clock } = losing
      const env = { ADMIN_TOKEN, DATA_DIR: 'data' }
      const server = await startServer({ log, clock, rooms, env })
      running = { server, losing, folder }
    },
  }
}
