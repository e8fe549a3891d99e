/**
 * A log whose rooms a test can take away, as a log elsewhere may that lost writes or has another owner. What the rooms
 * open on then is the same log, or another that knows less.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RoomError } from '../../src/errors.ts'
import type { Entry, Log, RoomLog } from '../../src/log/log.ts'
import { MemoryLog } from '../../src/log/memory.ts'
import { FILE } from '../../src/log/sqlite/offline.ts'
import { SqliteLog } from '../../src/log/sqlite/sqlite.ts'
import { systemRandom } from '../../src/random.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { wrappedLog } from './wrapped-log.ts'

interface Opening {
  readonly tell: ((reason: string) => void) | undefined
  isLost: boolean
}

export class LosingLog {
  readonly clock: HandClock
  readonly log: Log
  /** How often rooms were opened, read and closed. */
  readonly calls = { open: 0, read: 0, close: 0 }
  /** How many rooms had closed when the log was. */
  closedAfter: number | undefined
  /** Holds up the next opening. */
  opening: Promise<void> | undefined
  /** A log that is what this one was when it was asked. */
  readonly copy: () => Promise<Log>
  #current: Log
  readonly #all: Log[]
  readonly #openings = new Map<string, Opening>()
  /** Entries that wait; `undefined`: none has to. */
  #held: (() => void)[] | undefined

  constructor(clock: HandClock, first: Log, copy: (log: Log) => Promise<Log>) {
    this.clock = clock
    this.#current = first
    this.#all = [first]
    this.copy = async () => {
      const log = await copy(first)
      this.#all.push(log)
      return log
    }
    const current = () => this.#current
    this.log = wrappedLog(first, {
      open: (...room) => this.#open(...room),
      peek: (path) => current().peek(path),
      alarms: (...which) => current().alarms(...which),
      rooms: (...which) => current().rooms(...which),
      contents: (path) => current().contents(path),
      erase: (path) => current().erase(path),
      close: async () => {
        this.closedAfter = this.calls.close
        for (const log of this.#all) await log.close()
      },
    })
  }

  /** What is appended from now on waits until it is released or dropped. */
  hold(): void {
    this.#held = []
  }

  release(): void {
    for (const append of this.#held?.splice(0) ?? []) append()
    this.#held = undefined
  }

  /** What waits is not appended any more. */
  drop(): void {
    this.#held = undefined
  }

  /** Rooms open on this log from now on. */
  become(log: Log): void {
    this.#current = log
  }

  /** Takes an opening away. `isKept`: what waits is kept all the same, without a word. */
  lose(path: string, isKept = false): void {
    const opening = this.#openings.get(path)
    if (!opening) throw new Error(`expected an open room at ${path}`)
    opening.isLost = true
    if (isKept) this.release()
    opening.tell?.('the test took it away')
  }

  async #open(...[path, retention, tell]: Parameters<Log['open']>): Promise<RoomLog> {
    this.calls.open += 1
    // Known before it is open: it may be taken away meanwhile.
    const opening: Opening = { tell, isLost: false }
    this.#openings.set(path, opening)
    await this.opening
    return this.#roomLog(opening, await this.#current.open(path, retention))
  }

  #roomLog(opening: Opening, roomLog: RoomLog): RoomLog {
    const refuse = () => Promise.reject(new Error('this opening of the room is lost'))
    return wrappedLog(roomLog, {
      append: (entry) => this.#append(opening, roomLog, entry),
      read: (...page) => {
        this.calls.read += 1
        return opening.isLost ? refuse() : roomLog.read(...page)
      },
      recall: (...key) => (opening.isLost ? refuse() : roomLog.recall(...key)),
      producer: (id) => (opening.isLost ? refuse() : roomLog.producer(id)),
      close: () => {
        this.calls.close += 1
        return roomLog.close()
      },
    })
  }

  #append(opening: Opening, roomLog: RoomLog, entry: Entry): void {
    if (opening.isLost) {
      entry.failed(new RoomError('unavailable', 'this opening of the room is lost'))
      return
    }
    const { drafts, keys, changes, size } = entry
    const kept: Entry['kept'] = (frames) => {
      if (!opening.isLost) entry.kept(frames)
    }
    const failed: Entry['failed'] = (error) => {
      if (!opening.isLost) entry.failed(error)
    }
    const append = () => roomLog.append({ drafts, keys, changes, size, kept, failed })
    if (this.#held) this.#held.push(append)
    else append()
  }
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** One over each log. `folder`: of the test. A log in memory that lost its past knows nothing. */
export const LOSING: readonly (readonly [name: string, open: (folder: string) => Promise<LosingLog>])[] = [
  [
    'in memory',
    async () => {
      const clock = handClock()
      const empty = () => new MemoryLog(clock, systemRandom())
      return new LosingLog(clock, empty(), async () => empty())
    },
  ],
  [
    'in a file',
    async (folder) => {
      const clock = handClock()
      const open = (name: string) => SqliteLog.open(join(folder, name), clock, systemRandom(), silent)
      let copies = 0
      return new LosingLog(clock, await open('first'), async (log) => {
        copies += 1
        const bytes: Uint8Array[] = []
        for await (const part of log.backup?.() ?? []) bytes.push(part)
        await mkdir(join(folder, `copy${copies}`))
        await writeFile(join(folder, `copy${copies}`, FILE), Buffer.concat(bytes))
        return open(`copy${copies}`)
      })
    },
  ],
]
