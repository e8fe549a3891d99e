/**
 * One room of a module on a server with a data folder, which a test may stop and start again: what the room kept must be
 * there, and nothing else.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Setup, startServer, type TestServer } from './server.ts'

export interface TwoLives extends AsyncDisposable {
  readonly server: TestServer
  /** Stops the server and starts another with the same data. */
  restart(): Promise<void>
}

export async function twoLives(rooms: NonNullable<Setup['rooms']>): Promise<TwoLives> {
  const folder = await mkdtemp(join(tmpdir(), 'corridor-lives-'))
  const start = () => startServer({ rooms, env: { DATA_DIR: folder } })
  const lives = { server: await start() }
  return {
    get server() {
      return lives.server
    },
    async restart() {
      await lives.server.close()
      lives.server = await start()
    },
    async [Symbol.asyncDispose]() {
      await lives.server.close()
      await rm(folder, { recursive: true })
    },
  }
}
