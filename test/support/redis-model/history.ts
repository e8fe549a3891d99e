/**
 * What was written, in order: an entry for each call that wrote, with all it wrote. From it the state of any earlier
 * moment is made again (a restart that lost writes, a replica that lags), from the snapshot before it. Old ones are let go.
 */
import type { Command } from './command.ts'
import { Keyspace, type Snapshot } from './keyspace.ts'

export interface Write {
  readonly command: Command
  readonly args: readonly string[]
}

interface Entry {
  readonly nowMs: number
  readonly writes: readonly Write[]
}

/** Entries between two snapshots. */
const STRIDE = 2_000

export class History {
  readonly #most: number
  #entries: Entry[] = []
  #snapshots: { readonly position: number; readonly snapshot: Snapshot }[]
  /** How many entries were let go. */
  #gone = 0

  /** `most`: how many entries are kept at least; `position`: how many calls wrote before. */
  constructor(db: Keyspace, most: number, position = 0) {
    this.#most = most
    this.#gone = position
    this.#snapshots = [{ position, snapshot: db.snapshot() }]
  }

  /** How many calls have written. */
  get position(): number {
    return this.#gone + this.#entries.length
  }

  /** The earliest state there is. */
  get first(): number {
    return this.#gone
  }

  add(db: Keyspace, writes: readonly Write[]): void {
    this.#entries.push({ nowMs: db.nowMs, writes })
    if (this.position % STRIDE !== 0) return
    this.#snapshots.push({ position: this.position, snapshot: db.snapshot() })
    const from =
      this.#snapshots.findLast(({ position }) => position <= this.position - this.#most)?.position ?? this.#gone
    this.#entries.splice(0, from - this.#gone)
    this.#snapshots = this.#snapshots.filter(({ position }) => position >= from)
    this.#gone = from
  }

  /** The state after so many calls. */
  at(position: number): Keyspace {
    const last = this.#snapshots.findLast((each) => each.position <= position)
    if (!last || position > this.position)
      throw new RangeError(`expected a position from ${this.first} to ${this.position}, got ${position}`)
    const db = new Keyspace(last.snapshot)
    this.replay(db, last.position, position)
    return db
  }

  /** Does to a keyspace what was done from one position to another. */
  replay(db: Keyspace, from: number, to: number): void {
    for (const { nowMs, writes } of this.#entries.slice(from - this.#gone, to - this.#gone)) {
      db.nowMs = nowMs
      for (const { command, args } of writes) command.run(db, args, NOBODY)
    }
  }
}

/** A write asks nothing of its server. */
const NOBODY = {
  timeUs: 0,
  info: () => '',
  config: () => [],
  role: () => null,
  publish: () => 0,
}
