/**
 * `npm start` and `npm run dev`: reads the configuration, starts the server, prints its address, and then handles
 * signals: SIGHUP reads the rooms again; SIGTERM and SIGINT drain (SIGINT without the notice to a load balancer); a
 * second one exits at once. Errors that room code leaves uncaught are handled here too.
 */
import type { Logger } from 'pino'
import { type Clock, systemClock } from '../clock.ts'
import { loadConfig } from '../config/config.ts'
import { type Environment, readEnvironment } from '../config/environment.ts'
import { ModuleGraph } from '../config/module-graph.ts'
import { inLanguage } from '../localized.ts'
import { ConfigError } from '../mistakes.ts'
import { newLogger } from '../operations/logger.ts'
import { createServer, type Server } from '../server.ts'
import { codeOf, errorOf } from '../thrown.ts'
import type { Terminal } from './check.ts'
import { RoomsWatch } from './watch.ts'

export interface Signals {
  on(signal: 'SIGHUP' | 'SIGTERM' | 'SIGINT', listener: () => void): unknown
  on(event: 'unhandledRejection' | 'uncaughtException', listener: (error: unknown) => void): unknown
}

/** Ctrl-C under npm arrives twice, from the terminal and from npm: two signals within this time are one. */
const SAME_SIGNAL_MS = 500

/** Starts a server; with `--dev` it also reads the rooms again when their files change. → the exit code. */
export async function start(args: readonly string[], terminal: Terminal, signals: Signals): Promise<number> {
  const unknown = args.find((arg) => arg !== '--dev')
  if (unknown !== undefined) {
    terminal.stderr.write(`start: expected nothing or --dev, got "${unknown}"\n`)
    return 1
  }
  // Held, so that a drain that hangs ends at its deadline with the right exit code.
  const clock = systemClock({ isHeld: true })
  const graph = new ModuleGraph()
  let server: Server
  let environment: Environment
  let logger: Logger
  try {
    environment = readEnvironment()
    logger = newLogger(environment.logLevel)
    server = await createServer({ environment, config: await loadConfig(environment.rooms, { graph }), logger })
  } catch (error) {
    terminal.stderr.write(`${startMistake(error)}\n`)
    return 1
  }
  // Once the banner is printed, a signal or a change of a room may follow at once, so everything listens before it.
  const stopped = untilStopped(server, environment, clock, signals, logger)
  const reload = reloader(server, environment.rooms, logger, (graph) => follow(graph))
  const watch = args.includes('--dev') ? watchRooms(clock, environment.rooms, reload, logger) : undefined
  const follow = (graph: ModuleGraph) => {
    watch?.follow(graph.places)
    // For changes after the files were read and before they were watched.
    if (watch && graph.isOutdated) reload()
  }
  follow(graph)
  signals.on('SIGHUP', reload)
  terminal.stdout.write(banner(server))
  return stopped
}

function banner({ url, config }: Server): string {
  const width = Math.max(...config.mounts.map(({ pattern }) => pattern.length))
  const lines = config.mounts.map(({ pattern, title }) => `  ${pattern.padEnd(width)}  ${inLanguage(title)}`)
  return `Corridor is open at ${url}/\n${lines.join('\n')}\n`
}

function startMistake(error: unknown): string {
  if (error instanceof ConfigError) return error.mistakes.join('\n')
  const [code, { message }] = [codeOf(error), errorOf(error)]
  if (code === 'EADDRINUSE')
    return `${message.replace(/^listen EADDRINUSE: /, '')}: set PORT to a free port, or end what listens there`
  if (code === 'EACCES') return `${message}: set PORT to one you may listen on (1024 or more), or give the right`
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `${message}: set HOST to an address of this machine`
  return `the server did not start: ${message}`
}

/** Reads the rooms again, one reading at a time. After a mistake, which is logged, the open rooms stay. */
function reloader(server: Server, rooms: string, logger: Logger, done: (graph: ModuleGraph) => void) {
  let running = Promise.resolve()
  let isScheduled = false
  const reload = async () => {
    isScheduled = false
    const graph = new ModuleGraph()
    try {
      const changes = await server.reload(await loadConfig(rooms, { graph }))
      for (const change of changes) logger.info(change)
      logger.info(`read the rooms again: ${changes.length} changed`)
    } catch (error) {
      const mistakes = error instanceof ConfigError ? error.mistakes : [errorOf(error).message]
      for (const mistake of mistakes) logger.error(mistake)
      logger.error('the rooms stay as they were')
    }
    done(graph)
  }
  return (): void => {
    if (isScheduled) return
    isScheduled = true
    running = running.then(reload).catch((error) => logger.error({ err: error }, 'the rooms could not be read again'))
  }
}

function watchRooms(clock: Clock, rooms: string, changed: () => void, logger: Logger): RoomsWatch {
  return new RoomsWatch(clock, rooms, changed, ({ message }) => logger.warn(`cannot watch the rooms: ${message}`))
}

/** Resolves to the exit code: 0 after a drain, also if the deadline or a second signal ends it; 1 after an error. */
function untilStopped(
  server: Server,
  { drainMs }: Environment,
  clock: Clock,
  signals: Signals,
  logger: Logger,
): Promise<number> {
  return new Promise((resolve) => {
    let stoppingSinceMs: number | undefined
    const stop = (isHasty: boolean, code = 0) => {
      stoppingSinceMs = clock.monotonic()
      logger.info('draining')
      clock.after(drainMs, () => resolve(code))
      server.close({ isHasty }).then(
        () => resolve(code),
        (error) => {
          logger.error({ err: error }, 'the drain failed')
          resolve(1)
        },
      )
    }
    const onSignal = (isHasty: boolean) => {
      if (stoppingSinceMs === undefined) stop(isHasty)
      else if (clock.monotonic() - stoppingSinceMs > SAME_SIGNAL_MS) resolve(0)
    }
    signals.on('SIGTERM', () => onSignal(false))
    signals.on('SIGINT', () => onSignal(true))
    // Node would end the process. One room's unhandled promise is no reason to end the other rooms.
    signals.on('unhandledRejection', (err) =>
      logger.error({ err }, 'a rejected promise was not awaited; await or catch it'),
    )
    // The state is unknown: acknowledged events are kept, and all clients reconnect to a new process.
    signals.on('uncaughtException', (err) => {
      logger.fatal({ err }, 'an error was thrown outside every handler; use room.every(), or catch it')
      if (stoppingSinceMs === undefined) stop(true, 1)
    })
  })
}
