/**
 * One room of a module on a server with a data folder, which a test may stop and start again: what the room kept must be
 * there, and nothing else.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HandClock } from '../../src/testing/hand-clock.ts'
import { closeInTime } from './close-in-time.ts'
import { type Setup, startServer, type TestServer } from './server.ts'

export interface TwoLives extends AsyncDisposable {
  readonly server: TestServer
  /** Stops the server and starts another with the same data. */
  restart(): Promise<void>
}

/** `clocks`: of the first life and of the second, turned by hand; default: the machine's. */
export async function twoLives(
  rooms: NonNullable<Setup['rooms']>,
  clocks: readonly HandClock[] = [],
): Promise<TwoLives> {
  const folder = await mkdtemp(join(tmpdir(), 'corridor-lives-'))
  const left = [...clocks]
  const start = async () => {
    const clock = left.shift()
    return { clock, server: await startServer({ rooms, env: { DATA_DIR: folder }, ...(clock && { clock }) }) }
  }
  let life = await start()
  const end = () => (life.clock ? closeInTime(life.server, life.clock) : life.server.close())
  return {
    get server() {
      return life.server
    },
    async restart() {
      await end()
      life = await start()
    },
    async [Symbol.asyncDispose]() {
      await end()
      await rm(folder, { recursive: true })
    },
  }
}
