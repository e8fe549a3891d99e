/**
 * A node of a simulation, in one life: all that `server.ts` makes of the room's side (log, rooms, alarms), on the clock,
 * the chance and the connection of the simulation. Clients come in where the transports would join them. After a crash a
 * new life begins with nothing but what Redis has; more nodes are more of these.
 */
import { type Mount, mountOf } from '../../src/config/mount.ts'
import { roomSchema } from '../../src/config/schema.ts'
import type { Definition, RoomLogger } from '../../src/define.ts'
import { FlushQueue } from '../../src/delivery/flush-queue.ts'
import { Refusal } from '../../src/errors.ts'
import { Router } from '../../src/gate/router.ts'
import type { Log } from '../../src/log/log.ts'
import { parseAddress } from '../../src/log/redis/address.ts'
import { HealthBeat } from '../../src/log/redis/health-beat.ts'
import { RedisLog } from '../../src/log/redis/redis.ts'
import { Nodes } from '../../src/nodes/nodes.ts'
import { drain } from '../../src/operations/drain.ts'
import type { Random } from '../../src/random.ts'
import { AlarmBook } from '../../src/room/alarm-book.ts'
import { AlarmOpenings } from '../../src/room/alarm-openings.ts'
import { Deadlines } from '../../src/room/deadlines.ts'
import type { RoomPlaces } from '../../src/room/reservation.ts'
import { RoomSender } from '../../src/room/room-sender.ts'
import { Rooms } from '../../src/room/rooms.ts'
import type { Visitor } from '../../src/room/session.ts'
import { StorageBudget } from '../../src/room/storage-budget.ts'
import { newTally } from '../../src/tally.ts'
import type { NodeClock } from './node-clock.ts'
import { rawMounts } from './raw-stage.ts'
import type { RedisLine } from './redis-line.ts'
import type { Broken } from './room-ledger.ts'
import { type RoomLife, RoomLives } from './room-lives.ts'
import type { SimNet } from './sim-net.ts'
import { SimNetwork } from './sim-network.ts'
import type { SimWire } from './sim-wire.ts'

export interface NodeParts {
  readonly clock: NodeClock
  readonly random: Random
  readonly line: RedisLine
  /** What connects it to other nodes; `undefined`: it is the only one. */
  readonly net: SimNet | undefined
  readonly machine: string
  /** Of its links. */
  readonly port: number
  /** The room, which reports each life of one. */
  readonly definition: (begins: (path: string) => RoomLife) => unknown
  /** Names each life of a raw room. */
  readonly newLife: () => string
  readonly broken: Broken
  /** Called with what the author's code sees of its peers. */
  readonly lived: (what: string) => void
  /** Called with what the server logs as an error. */
  readonly failed: (fields: unknown, message?: string) => void
}

/** A room's line in `rooms.json`. */
const LINE = {
  module: 'stage',
  history: { keep: 60, replay: 20, maxAge: '1h' },
  limits: { buffered: '16KiB', rate: { perSecond: 1000, burst: 1000 } },
  idleAfter: '20s',
}
const PATTERN = '/r/:name'
const DRAIN_MS = 8000

export class SimNode {
  readonly clock: NodeClock
  readonly line: RedisLine
  readonly #parts: NodeParts
  readonly #router: Router
  readonly lives: RoomLives
  /** It has been asked to end. */
  isEnding = false
  #log: Log | undefined
  #nodes: Nodes | undefined
  #rooms: Rooms | undefined
  #alarms: AlarmOpenings | undefined
  /** Where clients get into rooms. */
  #places: RoomPlaces | undefined

  constructor(parts: NodeParts) {
    this.#parts = parts
    this.clock = parts.clock
    this.line = parts.line
    this.lives = new RoomLives(parts.broken, parts.lived)
    const begins = (path: string) => this.lives.begin(path)
    this.#router = new Router([mount(parts.definition(begins)), ...rawMounts(parts.newLife)])
  }

  get trouble(): string | undefined {
    return this.#log ? this.#log.trouble : 'not started'
  }

  get isReady(): boolean {
    return this.#rooms !== undefined
  }

  async start(): Promise<void> {
    const { clock, random, line, failed } = this.#parts
    const quiet = () => {}
    const logger = { debug: quiet, info: quiet, warn: quiet, error: failed }
    const beat = new HealthBeat({ address: parseAddress('redis://127.0.0.1'), connection: line, clock, logger })
    line.events = { ready: () => beat.ready(), away: () => beat.away() }
    await beat.start()
    const kept = await RedisLog.open({ calls: line, health: beat, clock, random, logger })
    const nodes = this.#nodesOn(kept, logger)
    const log = nodes?.log ?? kept
    this.#log = log
    this.#nodes = nodes
    const thrown = (error: unknown) => failed({ err: error }, 'an internal callback failed')
    const parts = {
      clock,
      random,
      log,
      flushQueue: new FlushQueue(clock, undefined, thrown),
      deadlines: new Deadlines(clock, thrown),
      alarmBook: new AlarmBook(),
      storageBudget: new StorageBudget(),
      sendToRoom: (message: Parameters<RoomSender['send']>[0]) => messages.send(message),
      ...(nodes && { mayAct: nodes.mayAct, isSettling: nodes.isSettling }),
      tallyOf: newTally,
      logger: { ...logger, child: () => logger },
    }
    const rooms = new Rooms(parts, (path) => this.#router.find(path)?.mount)
    const routeOf = (path: string) => this.#router.find(path)
    const messages = new RoomSender({
      clock,
      rooms,
      routeOf: (path) => routeOf(path) ?? unknown(path),
      elsewhere: nodes && ((message) => nodes.messages.send(message)),
    })
    const deliver = (message: Parameters<RoomSender['deliver']>[0]) => messages.deliver(message)
    const places = nodes?.places({ ...parts, rooms, routeOf }) ?? rooms
    nodes?.answer({ rooms, deliver, overview: { lines: async () => [] }, acts: { here: unknown } })
    await nodes?.start()
    this.#rooms = rooms
    this.#alarms = new AlarmOpenings({ ...parts, rooms, routeOf })
    this.#alarms.start()
    this.#places = places
  }

  /** `undefined`: it is the only one. */
  #nodesOn(log: RedisLog, logger: RoomLogger): Nodes | undefined {
    const { clock, random, line, net, machine, port } = this.#parts
    return (
      net &&
      new Nodes({
        ...{
          log,
          calls: line,
          clock,
          random,
          logger,
          hashes: { configHash: 'same', modulesHash: '' },
          version: '1.0.0',
        },
        network: (self) => new SimNetwork(net, machine, port, clock, self),
      })
    )
  }

  /** Its id among the nodes; '' if there is but one. */
  get id(): string {
    return this.#nodes?.roster.self ?? ''
  }

  /** Joins a client, as a transport does after its upgrade. Calls `refused` if it may not come in now. */
  async join(
    path: string,
    visitor: Visitor,
    wire: SimWire,
    offset: string | undefined,
    refused: () => void,
  ): Promise<void> {
    const route = this.#router.find(path)
    if (!this.#places || !route || this.isEnding) return refused()
    try {
      const coming = { client: visitor.client, offset, isStream: false }
      const { room, release, begunMs } = await this.#places.reserveJoin(route, coming)
      if (wire.isOver) return release()
      wire.session = room.join({ ...visitor, begunMs }, wire, offset)
      release()
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      refused()
    }
  }

  /** Removes all of a room, as the operator does. */
  erase(path: string): Promise<unknown> {
    const log = this.#log
    if (!this.#rooms || !log) return Promise.resolve()
    return this.#rooms.whileClosed(path, () => log.erase(path))
  }

  /** Whether an offset of before still leads on, as the open room says. `undefined`: the room is not open. */
  find(path: string, offset: string): { after: number } | { lost: string } | undefined {
    const room = this.#rooms?.at(path)?.room
    return room?.kind === 'event' ? room.readers.find(offset) : undefined
  }

  /** As at SIGTERM. */
  async end(): Promise<void> {
    this.isEnding = true
    const { clock, random } = this.#parts
    this.#alarms?.end()
    const answered = () => Promise.resolve()
    if (this.#rooms)
      await drain({ rooms: this.#rooms, clock, random, drainMs: DRAIN_MS, noticeMs: 0, answered, node: this.#nodes })
    await this.#nodes?.end()
    await this.#log?.close()
  }

  /** `kill -9`. */
  crash(): void {
    this.clock.die()
    this.line.end()
  }
}

function mount(definition: unknown): Mount {
  const settings = roomSchema.parse(LINE)
  return mountOf(PATTERN, settings, LINE, {
    file: '/stage.ts',
    definition: definition as Definition,
    options: undefined,
    page: undefined,
  })
}

function unknown(what: unknown): never {
  throw new Error(`expected the simulation not to ask for ${what}`)
}
