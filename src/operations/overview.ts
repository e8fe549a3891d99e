/**
 * What the operator sees of the rooms: a page of all, and one in full. Open rooms are read from memory; of closed ones the
 * log says what they keep. `admin.ts` acts on rooms; `transports/http/admin-routes.ts` serves both.
 */
import { basename, isAbsolute } from 'node:path'
import type { Clock } from '../clock.ts'
import type { Mount, Route } from '../config/mount.ts'
import type { Log } from '../log/log.ts'
import { type Connection, connectionsOf } from '../room/connections.ts'
import type { FailedOpening } from '../room/failed-openings.ts'
import type { HostedAt } from '../room/instance.ts'
import type { Rooms } from '../room/rooms.ts'
import { MessageRates } from './message-rates.ts'

export interface RoomLine {
  readonly room: string
  /** As named in rooms.json. */
  readonly module: string
  readonly state: 'open' | 'failed' | 'closed'
  /** Why its `open` failed. */
  readonly error?: string
  /** How many ids are members, and over how many connections. */
  readonly members: number
  readonly connections: number
  readonly seq: number
  readonly storageBytes: number
  readonly alarms: number
  readonly messagesPerSecond: number
  /** ms since 1970; `null`: it is not open. */
  readonly openedAt: number | null
  /** The node it lives on; `null`: this server runs alone. */
  readonly node: string | null
}

export interface RoomPage {
  readonly rooms: readonly RoomLine[]
  /** The last path, if there are more: `after` for the next page. */
  readonly next?: string
}

export interface RoomInFull extends RoomLine {
  readonly peers: readonly Connection[]
}

export interface OverviewParts {
  readonly clock: Clock
  readonly rooms: Rooms
  readonly log: Log
}

/** The most peers that are listed of one room. */
const MAX_PEERS = 1000

export class Overview {
  readonly #parts: OverviewParts
  readonly #rates: MessageRates

  constructor(parts: OverviewParts) {
    this.#parts = parts
    this.#rates = new MessageRates(parts.clock, parts.rooms)
  }

  /** The first `limit` rooms with a path after `after`, by path. */
  async page(after: string, limit: number): Promise<RoomPage> {
    const { rooms } = this.#parts
    const open = [...rooms.open()].filter(({ room }) => room.path > after).map((hosted) => this.#open(hosted))
    const failed = [...rooms.failed.values()].filter(({ path }) => path > after && !rooms.at(path))
    const lines = [...open, ...(await Promise.all(failed.map((one) => this.#failed(one))))]
    lines.sort((a, b) => (a.room < b.room ? -1 : 1))
    const shown = lines.slice(0, limit)
    const last = shown.at(-1)
    return lines.length > limit && last ? { rooms: shown, next: last.room } : { rooms: shown }
  }

  /** One room, open or not. */
  async room({ path, mount }: Route): Promise<RoomInFull> {
    const { rooms } = this.#parts
    const hosted = rooms.at(path)
    if (hosted) return { ...this.#open(hosted), peers: connectionsOf(hosted.room, MAX_PEERS) }
    const failed = rooms.failed.get(path)
    const line = failed ? await this.#failed(failed) : await this.#closed(path, mount)
    return { ...line, peers: [] }
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
      storageBytes: 0,
      alarms: 0,
      messagesPerSecond: this.#rates.of(hosted),
      openedAt: openedMs,
      node: null,
    }
  }

  async #failed({ path, mount, error }: FailedOpening): Promise<RoomLine> {
    return { ...(await this.#closed(path, mount)), state: 'failed', error }
  }

  async #closed(path: string, mount: Mount): Promise<RoomLine> {
    return {
      room: path,
      module: moduleOf(mount),
      state: 'closed',
      members: 0,
      connections: 0,
      seq: (await this.#parts.log.peek(path))?.seq ?? 0,
      storageBytes: 0,
      alarms: 0,
      messagesPerSecond: 0,
      openedAt: null,
      node: null,
    }
  }
}

/** Does not reveal the folders of the server. */
function moduleOf({ module }: Mount): string {
  return isAbsolute(module) ? basename(module) : module
}
