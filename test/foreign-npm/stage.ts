/** A server with the rooms that the cases of stock clients need, behind a TCP proxy, with a log that survives a restart. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { defineRoom, RoomError } from '../../src/define.ts'
import { systemRandom } from '../../src/random.ts'
import notes from '../support/notes.ts'
import { type Setup, startServer, type TestServer } from '../support/server.ts'
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { SECRET } from '../support/tokens.ts'
import { watched } from '../support/watched-room.ts'

export const COOKIE = 'session'

const uninvited = defineRoom({
  receives: {},
  sends: {},
  admit() {
    throw new RoomError('not_invited', 'you are not on the list')
  },
  open: () => ({}),
})

const setup = (held: ReturnType<typeof watched>): Setup => ({
  rooms: {
    '/held': { definition: held.definition },
    '/notes/:name': { definition: notes },
    '/packed': { definition: notes, compression: true },
    '/packed-echo': { module: 'echo', compression: true },
    '/r/:name': { module: 'chat' },
    '/parties/:party/:room': { module: 'echo' },
    '/echo': { module: 'echo' },
    '/locked': { definition: notes, auth: { secret: SECRET, cookie: COOKIE } },
    '/uninvited': { definition: uninvited },
    '/full': { definition: notes, limits: { peers: 1 } },
    '/few': { definition: notes, limits: { perAddress: 1 } },
  },
  // Clients come back after the shortest delay.
  random: { ...systemRandom(), fraction: () => 0 },
})

export interface Stage {
  readonly server: TestServer
  readonly proxy: TcpProxy
  /** The room at `/held`, whose handlers wait. */
  readonly held: ReturnType<typeof watched>
  /** Through the proxy. */
  readonly url: string
  readonly ws: string
  /** Another proxy, which ends with the stage, so that clients behind it can say goodbye. */
  openProxy(isBlocked?: (head: string) => boolean): Promise<TcpProxy>
  /** Ends the server as an operator does, and starts it again on the same log. */
  restart(): Promise<void>
  /** A server that drains until its last handler has finished, which is at `restart`. */
  drain(): Promise<{ restart(): Promise<void> }>
}

/** For all tests of a file. */
export function openStage(): Stage {
  let server: TestServer | undefined
  let proxy: TcpProxy | undefined
  const proxies: TcpProxy[] = []
  let folder = ''
  const running = () => {
    if (!server || !proxy) throw new Error('expected a running server: the stage starts it in beforeAll')
    return { server, proxy }
  }
  const held = watched()
  const env = () => ({ DATA_DIR: folder, DRAIN_MS: '60000' })
  const start = () => startServer({ ...setup(held), env: env() })
  const startAgain = async () => {
    server = await start()
    proxy?.pointAt(server.port)
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'corridor-clients-'))
    server = await start()
    proxy = await openTcpProxy(server.port)
    proxies.push(proxy)
  })

  afterAll(async () => {
    // While the proxy is there: the server hears who has left, and waits for nobody.
    await server?.close()
    for (const each of proxies) await each.close()
    await rm(folder, { recursive: true })
  })

  return {
    held,
    get server() {
      return running().server
    },
    get proxy() {
      return running().proxy
    },
    get url() {
      return `http://127.0.0.1:${running().proxy.port}`
    },
    get ws() {
      return `ws://127.0.0.1:${running().proxy.port}`
    },
    async openProxy(isBlocked) {
      const proxy = await openTcpProxy(running().server.port, isBlocked)
      proxies.push(proxy)
      return proxy
    },
    async restart() {
      await running().server.close()
      await startAgain()
    },
    async drain() {
      const { server } = running()
      const holder = await server.connect('/held')
      await holder.next('welcome')
      holder.send('hold', 'drain', '1')
      await expect.poll(() => held.calls.includes('hold drain')).toBe(true)
      const closed = server.close()
      return {
        async restart() {
          held.release('drain')
          held.calls.length = 0
          await closed
          await startAgain()
        },
      }
    },
  }
}
