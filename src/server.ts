/**
 * Puts the parts together: the only file that chooses implementations. Two servers may live in one process, since
 * nothing is kept outside of what is made here. `main.ts` starts one, tests start many.
 */
import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { type Clock, systemClock } from './clock.ts'
import type { Config, Environment, Mount } from './config.ts'
import { drain } from './drain.ts'
import { FanOut } from './fan-out.ts'
import { Gate } from './gate.ts'
import { addressReader, proxyTrust } from './guards/address.ts'
import { Limits } from './guards/limits.ts'
import { MemoryLog } from './log/memory.ts'
import { loadPages } from './pages.ts'
import { applyConfig } from './reload.ts'
import { Rooms } from './rooms.ts'
import { Router } from './router.ts'
import { Heartbeat } from './transports/heartbeat.ts'
import { httpRoutes } from './transports/http.ts'
import { upgradeHandler } from './transports/upgrade.ts'
import { WebSocketDoor } from './transports/websocket.ts'

export interface Server {
  /** Where it listens: `http://127.0.0.1:3000` and the base path. */
  readonly url: string
  readonly config: Config
  /** Takes another configuration; only what changed is touched. Returns what was done, one line each. */
  reload(config: Config): Promise<string[]>
  /** Drains and ends. Resolves when all is written; a second call waits for the first. */
  close(): Promise<void>
}

export interface ServerParts {
  readonly environment: Environment
  readonly config: Config
  readonly logger: Logger
  readonly clock?: Clock
}

const HEADERS_MS = 10_000
const REQUEST_MS = 30_000
/** Longer than a proxy keeps an idle connection, so that it is never the proxy that loses the race. */
const KEEP_ALIVE_MS = 72_000

/** Starts a server and resolves when it listens. Rejects where the address cannot be had. */
export async function createServer(parts: ServerParts): Promise<Server> {
  const { environment, logger, clock = systemClock() } = parts
  let { config } = parts
  const { basePath, drainMs, trustProxy } = environment
  const log = new MemoryLog(clock)
  const rooms = new Rooms({ clock, log, fanOut: new FanOut(clock), logger })
  const limits = new Limits(clock, config.server.limits)
  const heartbeat = new Heartbeat(clock)
  let router = new Router(config.mounts)
  let doors = new Map<Mount, WebSocketDoor>()
  let closing: Promise<void> | undefined
  const isDraining = () => closing !== undefined

  const gate = new Gate({
    basePath,
    rooms,
    limits,
    addressOf: addressReader(trustProxy),
    isTrusted: proxyTrust(trustProxy),
    router: () => router,
    isDraining,
  })
  const door = (mount: Mount): WebSocketDoor => {
    const known = doors.get(mount) ?? new WebSocketDoor(mount, heartbeat)
    doors.set(mount, known)
    return known
  }

  const app = newFastify(environment)
  const lobbyOrigins = () => config.server.origins
  await httpRoutes(app, {
    basePath,
    gate,
    rooms,
    log,
    logger,
    pages: loadPages(basePath),
    router: () => router,
    lobbyOrigins,
    isDraining,
  })
  app.server.on('upgrade', upgradeHandler(gate, door, logger))
  await app.listen({ host: environment.host, port: environment.port })

  return {
    url: urlOf(app, environment),
    get config() {
      return config
    },
    async reload(next) {
      const applied = applyConfig(config, next)
      config = applied.config
      router = new Router(config.mounts)
      doors = new Map([...doors].filter(([mount]) => config.mounts.includes(mount)))
      limits.limits = config.server.limits
      await Promise.all(applied.closed.map(({ mount, reason }) => rooms.close(reason, mount)))
      return applied.changes
    },
    close() {
      closing ??= drain(rooms, clock, drainMs).then(async () => {
        await app.close()
        await log.close()
      })
      return closing
    },
  }
}

function newFastify({ tls, trustProxy }: Environment): FastifyInstance {
  const shouldUpgradeCallback = isWebSocket
  const common = {
    logger: false,
    trustProxy: trustProxy.length > 0 ? trustProxy : false,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 4096 },
  }
  const http = { shouldUpgradeCallback, headersTimeout: HEADERS_MS }
  const app = tls ? Fastify({ ...common, https: { ...http, ...tls } }) : Fastify({ ...common, http })
  return app as unknown as FastifyInstance
}

/** Any other token is an offer we do not take: the request gets its ordinary answer (RFC 9110, 7.8). */
function isWebSocket(request: { headers: { upgrade?: string | undefined } }): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket'
}

function urlOf(app: FastifyInstance, { tls, basePath }: Environment): string {
  const { address, port, family } = app.server.address() as AddressInfo
  return `${tls ? 'https' : 'http'}://${family === 'IPv6' ? `[${address}]` : address}:${port}${basePath}`
}
