/**
 * What the operator sees of the rooms: a page of all, and one in full. Open rooms are read from memory; of closed ones the
 * log says what they keep. `admin.ts` acts on rooms; `transports/http/admin-routes.ts` serves both.
 */
import { basename, isAbsolute } from 'node:path'
import type { Clock } from '../clock.ts'
import type { Mount, Route } from '../config/mount.ts'
import type { Gate } from '../gate/gate.ts'
import type { KeptRoom, RoomContents } from '../log/kept-rooms.ts'
import type { Log } from '../log/log.ts'
import type { AlarmBook } from '../room/alarm-book.ts'
import { type Connection, connectionsOf } from '../room/connections.ts'
import type { FailedOpening } from '../room/failed-openings.ts'
import type { HostedAt } from '../room/instance.ts'
import type { Rooms } from '../room/rooms.ts'
import type { Elsewhere } from './elsewhere.ts'
import { MessageRates } from './message-rates.ts'
import type { RoomLine } from './room-line.ts'

export interface RoomPage {
  readonly rooms: readonly RoomLine[]
  /** The last path, if there are more: `after` for the next page. */
  readonly next?: string
}

export interface PageQuery {
  readonly after: string
  readonly limit: number
  /** Also closed rooms that keep something. */
  readonly isAll: boolean
}

export interface AlarmLine {
  readonly name: string
  /** ms since 1970 */
  readonly at: number
  /** How often it was tried in vain since it was set. */
  readonly failures: number
  readonly lastError?: string
}

export interface RoomInFull extends Omit<RoomLine, 'alarms'> {
  readonly storage: RoomContents['storage']
  readonly alarms: readonly AlarmLine[]
  readonly peers: readonly Connection[]
}

export interface OverviewParts {
  readonly gate: Pick<Gate, 'route'>
  readonly alarmBook: Pick<AlarmBook, 'failure' | 'setFailure'>
  readonly clock: Clock
  readonly rooms: Rooms
  readonly log: Log
  /** The rooms of other nodes; `undefined`: this server runs alone. */
  readonly elsewhere?: Elsewhere | undefined
}

/** The most peers that are listed of one room. */
const MAX_PEERS = 1000
/** How many rooms the log is asked for at once. */
const KEPT_PAGE = 1000

export class Overview {
  readonly #parts: OverviewParts
  readonly #rates: MessageRates

  constructor(parts: OverviewParts) {
    this.#parts = parts
    this.#rates = new MessageRates(parts.clock, parts.rooms)
  }

  /** The first `limit` rooms with a path after `after`, by path. */
  async page(query: PageQuery): Promise<RoomPage> {
    const { after, limit, isAll } = query
    const more = { after, limit: limit + 1 }
    const { elsewhere } = this.#parts
    const lines = [...(await this.lines(more)), ...((await elsewhere?.lines(more)) ?? [])]
    // While a room moves, two nodes may have it for a moment. Where it is open counts, not where it once failed to open.
    const byPath = new Map(lines.filter(({ state }) => state !== 'open').map((line) => [line.room, line]))
    for (const line of lines) if (line.state === 'open') byPath.set(line.room, line)
    const closed = isAll ? await this.#allClosed(after, limit + 1, byPath) : []
    for (const line of closed) byPath.set(line.room, line)
    const all = sorted([...byPath.values()])
    const shown = all.slice(0, limit)
    const last = shown.at(-1)
    return all.length > limit && last ? { rooms: shown, next: last.room } : { rooms: shown }
  }

  /** The first `limit` rooms of this node that are open or failed to open. */
  async lines({ after, limit }: Pick<PageQuery, 'after' | 'limit'>): Promise<RoomLine[]> {
    const { rooms } = this.#parts
    const isAfter = (path: string) => path > after
    const open = [...rooms.open()].filter(({ room }) => isAfter(room.path)).map((hosted) => this.#open(hosted))
    const failed = [...rooms.failed.values()].filter(({ path }) => isAfter(path) && !rooms.at(path))
    return sorted([...open, ...(await Promise.all(failed.map((one) => this.#failed(one))))]).slice(0, limit)
  }

  /** One room, open or not. */
  async room({ path, mount }: Route): Promise<RoomInFull> {
    const { rooms, log } = this.#parts
    const { storage = [], alarms = [] } = (await log.contents(path)) ?? {}
    const kept = { storage, alarms: alarms.map(({ name, at }) => this.#alarm(path, name, at)) }
    const hosted = rooms.at(path)
    if (hosted) return { ...this.#open(hosted), ...kept, peers: connectionsOf(hosted.room, MAX_PEERS) }
    const failed = rooms.failed.get(path)
    const line = failed ? await this.#failed(failed) : closedLine(mount, await this.#kept(path))
    return { ...line, ...kept, peers: [] }
  }

  #alarm(path: string, name: string, at: number): AlarmLine {
    const { failures = 0, lastError } = this.#parts.alarmBook.failure(path, name) ?? {}
    return lastError === undefined ? { name, at, failures } : { name, at, failures, lastError }
  }

  /** The first closed rooms of the configuration that keep something. */
  async #allClosed(after: string, most: number, known: ReadonlyMap<string, unknown>): Promise<RoomLine[]> {
    const { log } = this.#parts
    const lines: RoomLine[] = []
    for (let cursor = after; lines.length < most; ) {
      const page = await log.rooms(KEPT_PAGE, cursor)
      for (const kept of page) {
        const { path } = kept
        const mount = known.has(path) ? undefined : this.#mountOf(path)
        if (mount) lines.push(closedLine(mount, kept))
      }
      const last = page.at(-1)
      if (page.length < KEPT_PAGE || !last) break
      cursor = last.path
    }
    return lines.slice(0, most)
  }

  /** `undefined`: no room of the configuration is there any more. */
  #mountOf(path: string): Mount | undefined {
    try {
      return this.#parts.gate.route({ path }).mount
    } catch {
      return undefined
    }
  }

  /** What is kept of a room. */
  async #kept(path: string): Promise<KeptRoom> {
    const { log } = this.#parts
    const { storage = [], alarms = [] } = (await log.contents(path)) ?? {}
    const storageBytes = storage.reduce((sum, { bytes }) => sum + bytes, 0)
    return { path, seq: (await log.peek(path))?.seq ?? 0, storageBytes, alarms: alarms.length }
  }

  #open(hosted: HostedAt): RoomLine {
    const { room, mount, openedMs } = hosted
    return {
      room: room.path,
      module: moduleOf(mount),
      state: 'open',
      members: room.size,
      connections: room.connected,
      seq: room.roomLog.seq,
      storageBytes: room.storage.bytes,
      alarms: room.alarms.count,
      messagesPerSecond: this.#rates.of(hosted),
      openedAt: openedMs,
      node: this.#parts.elsewhere?.node ?? null,
    }
  }

  async #failed({ path, mount, error }: FailedOpening): Promise<RoomLine> {
    return { ...closedLine(mount, await this.#kept(path)), state: 'failed', error }
  }
}

function sorted(lines: readonly RoomLine[]): RoomLine[] {
  return lines.toSorted((a, b) => (a.room < b.room ? -1 : 1))
}

function closedLine(mount: Mount, { path, seq, storageBytes, alarms }: KeptRoom): RoomLine {
  return {
    room: path,
    module: moduleOf(mount),
    state: 'closed',
    members: 0,
    connections: 0,
    seq,
    storageBytes,
    alarms,
    messagesPerSecond: 0,
    openedAt: null,
    node: null,
  }
}

/** Does not reveal the folders of the server. */
function moduleOf({ module }: Mount): string {
  return isAbsolute(module) ? basename(module) : module
}
