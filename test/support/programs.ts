/**
 * Programs of the docs, run as they are printed, except that their imports are given to them, that their ports are those of
 * the test, and that what they log is collected.
 */
import { once } from 'node:events'
import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { format } from 'node:util'
import { jwtVerify } from 'jose'
import { Server } from 'socket.io'
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client'

const IMPORT = /^import .*\n/gm
type Program = (...values: unknown[]) => Promise<void>
const AsyncFunction = (async () => {}).constructor as new (...names: string[]) => Program

export class Programs {
  /** What they have logged, a line each. */
  readonly lines: string[] = []
  readonly sockets: Socket[] = []
  readonly #servers: Server[] = []

  /** Runs a client. `port`: of its server; `given`: further names that it uses. */
  async client(text: string, port: number, given: Record<string, unknown> = {}): Promise<void> {
    const connect = (url: string, options: Partial<ManagerOptions & SocketOptions> = {}) => {
      const socket = io(url, { ...options, reconnectionDelay: 10 })
      this.sockets.push(socket)
      return socket
    }
    const console = { log: (...values: unknown[]) => void this.lines.push(format(...values)) }
    await run(text.replaceAll(/127\.0\.0\.1:\d+/g, `127.0.0.1:${port}`), { io: connect, console, ...given })
  }

  /** Runs a server of Socket.IO's own. Returns its port. */
  async server(text: string, given: Record<string, unknown> = {}): Promise<number> {
    const http = createServer()
    const servers = this.#servers
    class LocalServer extends Server {
      constructor() {
        super(http)
        servers.push(this)
      }
    }
    await run(text, { Server: LocalServer, jwtVerify, ...given })
    return listening(http)
  }

  async end(): Promise<void> {
    for (const socket of this.sockets) socket.disconnect()
    for (const server of this.#servers) await server.close()
  }
}

async function run(text: string, names: Record<string, unknown>): Promise<void> {
  await new AsyncFunction(...Object.keys(names), text.replace(IMPORT, ''))(...Object.values(names))
}

async function listening(http: HttpServer): Promise<number> {
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  return (http.address() as AddressInfo).port
}
