/**
 * Puts the parts together: the only file that chooses implementations. All state is made here, so two servers can run
 * in one process. `cli/start.ts` starts one, tests start many.
 */
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import { type Clock, lifetime, systemClock } from './clock.ts'
import type { Config } from './config/config.ts'
import type { Environment } from './config/environment.ts'
import { isOwnPath, publicFiles } from './config/paths.ts'
import { applyConfig } from './config/reload.ts'
import { FlushQueue } from './delivery/flush-queue.ts'
import { Auths } from './gate/auths.ts'
import { Gate } from './gate/gate.ts'
import { GuestIds } from './gate/guest-ids.ts'
import { hostGuard } from './gate/host.ts'
import { Quotas } from './gate/quotas.ts'
import { Router } from './gate/router.ts'
import type { Log } from './log/log.ts'
import { Acts } from './operations/acts.ts'
import { Admin } from './operations/admin.ts'
import { openBackupSocket } from './operations/backup-socket.ts'
import { endServer } from './operations/ending.ts'
import { countRooms } from './operations/lobby.ts'
import { Metrics } from './operations/metrics.ts'
import { operatorAccess } from './operations/operator.ts'
import { Overview } from './operations/overview.ts'
import { type Random, systemRandom } from './random.ts'
import { AlarmBook } from './room/alarm-book.ts'
import { AlarmOpenings } from './room/alarm-openings.ts'
import { Deadlines } from './room/deadlines.ts'
import { RoomSender } from './room/room-sender.ts'
import { Rooms } from './room/rooms.ts'
import { StorageBudget } from './room/storage-budget.ts'
import { openServerLog, type ServerLog } from './server-log.ts'
import { callerReader } from './transports/caller-reader.ts'
import { Heartbeat } from './transports/heartbeat.ts'
import { httpRoutes } from './transports/http/http.ts'
import { httpServer, setDeadlines, urlOf } from './transports/http/http-server.ts'
import { InFlightRequests } from './transports/http/in-flight-requests.ts'
import { OwnFiles } from './transports/http/own-files.ts'
import { loadPages, type WebPages } from './transports/http/pages.ts'
import { Refusals } from './transports/refusals.ts'
import { Streams } from './transports/streams/streams.ts'
import { MountUpgrades } from './transports/websocket/mount-upgrades.ts'
import { upgradeHandler } from './transports/websocket/upgrade.ts'

export interface Server {
  /** Its URL: `http://127.0.0.1:3000` and the base path. */
  readonly url: string
  readonly config: Config
  /** Applies another configuration to what changed. Returns the changes, one line each. */
  reload(config: Config): Promise<string[]>
  /**
   * Drains and ends. Resolves when all is written; a second call waits for the first. `isHasty`: without the notice to
   * a load balancer.
   */
  close(how?: { isHasty: boolean }): Promise<void>
}

export interface ServerParts {
  readonly environment: Environment
  readonly config: Config
  readonly logger: Logger
  readonly clock?: Clock
  readonly random?: Random
  /** Replace the log of `environment`, and the pages of `public/`. */
  readonly log?: Log
  readonly pages?: WebPages
}

/** Starts a server. Resolves when it listens; rejects if it cannot listen on the address. */
export async function createServer(parts: ServerParts): Promise<Server> {
  const { environment, logger } = parts
  const clock = lifetime(parts.clock ?? systemClock())
  const random = parts.random ?? systemRandom()
  let { config } = parts
  const { basePath, drainMs, drainNoticeMs, trustProxy, allowedHosts } = environment
  const metrics = new Metrics()
  const onCommit = (seconds: number) => metrics.commit.observe(seconds)
  const serverLog: ServerLog = parts.log
    ? { log: parts.log }
    : await openServerLog({ environment, config, clock, random, logger, onCommit })
  const { log, nodes } = serverLog
  const guestIds = new GuestIds(log, random)
  let router = new Router(config.mounts)
  const failed = (error: unknown) => logger.error({ err: error }, 'an internal callback failed')
  const flushQueue = new FlushQueue(clock, () => config.server.limits.bufferedBytes, failed)
  const roomParts = {
    clock,
    random,
    log,
    flushQueue,
    deadlines: new Deadlines(clock, failed),
    alarmBook: new AlarmBook({ late: (ms) => metrics.alarmDelay.observe(ms / 1000) }),
    storageBudget: new StorageBudget(() => config.server.limits.storageBytes),
    sendToRoom: (message: Parameters<RoomSender['send']>[0]) => messages.send(message),
    ...nodes?.roomParts,
    tallyOf: (pattern: string) => metrics.of(pattern),
    logger,
  }
  const rooms = new Rooms(roomParts, (path) => router.find(path)?.mount)
  const routeOf = (path: string) => gate.route({ path })
  const messages = new RoomSender({
    clock,
    routeOf,
    rooms,
    elsewhere: nodes && ((message) => nodes.messages.send(message)),
  })
  const find = (path: string) => router.find(path)
  const places = nodes?.places({ ...roomParts, rooms, routeOf: find }) ?? rooms
  const alarms = new AlarmOpenings({ ...roomParts, rooms, routeOf: find })
  metrics.watch(() => countRooms(config.mounts, rooms), log, nodes?.counts)
  const quotas = new Quotas(clock, config.server.limits)
  const heartbeat = new Heartbeat(clock, failed)
  const inFlight = new InFlightRequests()
  const requests = new InFlightRequests()
  const sockets = new Set<Duplex>()
  let closing: Promise<void> | undefined
  const isDraining = () => closing !== undefined
  const pages = parts.pages ?? loadPages(basePath, await publicFiles(), environment.adminToken !== undefined)
  const ownFiles = await OwnFiles.open(environment.publicFolder, clock)
  const auths = new Auths(clock, logger)
  const callerOf = callerReader(trustProxy, nodes?.http?.callerOf)
  const gate = new Gate({
    basePath,
    clock,
    guestIds,
    rooms: places,
    quotas,
    mustKnowHost: hostGuard(allowedHosts),
    isOwn: (path) => isOwnPath(path, pages.files) || pages.hashed.has(path) || ownFiles.has(path),
    router: () => router,
    authOf: (mount) => auths.of(mount),
    isDraining,
    logger,
  })
  const refusals = new Refusals({ random, gate, logger, count: (refusal, room) => metrics.refused(refusal, room) })
  const closed = (code: number) => metrics.closed(code)
  const { tallyOf } = roomParts
  const connectionParts = { clock, heartbeat, sockets, refusals, callerOf, closed, tallyOf }
  const upgrades = new MountUpgrades(connectionParts)
  const gateway = config.server.socketio
    ? new (await import('./transports/socketio/gateway.ts')).Gateway({
        ...connectionParts,
        basePath,
        random,
        gate,
        config: () => config,
      })
    : undefined
  const elsewhere = nodes?.elsewhere
  const operatorParts = { ...roomParts, gate, rooms, elsewhere }
  const overview = new Overview(operatorParts)
  const acts = new Acts(new Admin(operatorParts), overview, elsewhere)
  nodes?.answer({ rooms, deliver: (message) => messages.deliver(message), overview, acts })
  const app = httpServer(environment, clock, refusals, callerOf, config.server.limits)
  await httpRoutes(app, {
    basePath,
    callerOf,
    gate,
    rooms,
    elsewhere,
    log,
    random,
    streams: new Streams({
      ...{ gate, guestIds, clock, random, heartbeat, flushQueue, refusals, closed },
      tokenPrefix: nodes && `${nodes.roster.self}.`,
    }),
    handOn: nodes?.http?.handOn,
    inFlight,
    requests,
    refusals,
    metrics,
    metricsToken: environment.metricsToken,
    admin: operatorAccess(environment.adminToken, { overview, acts, log }),
    logger,
    pages,
    ownFiles,
    router: () => router,
    lobbyOrigins: () => config.server.origins,
    isDraining,
    gateway,
  })
  nodes?.http?.serve(app, gate)
  app.server.on('upgrade', upgradeHandler({ ...connectionParts, gate, upgrades, gateway }))
  try {
    await app.ready()
    await nodes?.start()
    await app.listen({ host: environment.host, port: environment.port })
  } catch (error) {
    await app.close()
    await log.close()
    clock.end()
    throw error
  }

  alarms.start()
  // Who knows REDIS_URL copies a log in Redis without a server.
  const logFolder = environment.redisUrl === undefined ? environment.dataDir : undefined
  const backups = await openBackupSocket(logFolder, log, random, logger)

  const end = (noticeMs: number) =>
    endServer({
      ...{ clock, random, drainMs, noticeMs, rooms, alarms, gateway, sockets, app, backups, node: nodes, log, metrics },
      answered: () => inFlight.settled(),
      settled: () => requests.settled(),
    })

  return {
    url: urlOf(app, environment),
    get config() {
      return config
    },
    async reload(next) {
      const applied = applyConfig(config, next)
      config = applied.config
      router = new Router(config.mounts)
      upgrades.keep(config.mounts)
      quotas.limits = config.server.limits
      setDeadlines(app.server, config.server.limits)
      gateway?.reload()
      await Promise.all([nodes?.reload(config.mounts), rooms.closeStale()])
      alarms.reload()
      return applied.changes
    },
    close({ isHasty } = { isHasty: false }) {
      closing ??= end(isHasty ? 0 : drainNoticeMs)
      return closing
    },
  }
}
