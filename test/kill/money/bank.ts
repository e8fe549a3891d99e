/** A bank in a server that is killed, its tellers, and its books as they lie on disk. For the tests of this folder. */
import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { RedisServer } from '../../support/redis.ts'
import { redisContents } from '../../support/redis-contents.ts'
import { Victim } from '../victim.ts'
import { type Books, check } from './checker.ts'
import type { Kept } from './fold.ts'
import { Tellers } from './tellers.ts'

const TELLERS = 4

export class Bank {
  readonly victim: Victim
  #tellers: Tellers | undefined

  private constructor(victim: Victim) {
    this.victim = victim
  }

  /** `redis`: where it keeps its room, if not in a file. */
  static async make(redis?: RedisServer): Promise<Bank> {
    return new Bank(await Victim.make(undefined, 'money/room.ts', redis))
  }

  /** The server is open: its tellers begin. */
  begin(seed: number, count = TELLERS): Tellers {
    this.#tellers = new Tellers(this.victim.url, count, seed)
    return this.#tellers
  }

  get tellers(): Tellers {
    if (!this.#tellers) throw new Error('begin() comes first')
    return this.#tellers
  }

  /** Lets all be answered, ends the server, and judges what is on disk. */
  async judge(): Promise<string[]> {
    await this.tellers.rest()
    this.tellers.leave()
    await this.victim.end()
    return check(await this.books())
  }

  /** Read past the server, which must have ended; in a copy, since whoever reads it recovers it. */
  async books(): Promise<Books> {
    const spoken = { said: [...this.tellers.said.values()], heard: this.tellers.heard }
    const { redis } = this.victim
    if (redis) return { ...(await readRedis(redis)), ...spoken }
    const copy = join(this.victim.folder, 'copy.db')
    for (const end of ['', '-wal']) {
      rmSync(`${copy}${end}`, { force: true })
      if (existsSync(`${this.victim.database}${end}`)) copyFileSync(`${this.victim.database}${end}`, `${copy}${end}`)
    }
    return { ...readBooks(copy), ...spoken }
  }

  async remove(): Promise<void> {
    this.#tellers?.leave()
    await this.victim.remove()
  }
}

async function readRedis(redis: RedisServer): Promise<Omit<Books, 'said' | 'heard'>> {
  const { seq, events, storage, alarms, damage } = await redisContents(redis)
  if (damage.length > 0) throw new Error(`what Redis holds does not agree: ${damage.join('; ')}`)
  return { log: events as Kept[], seq, storage, alarms: new Set(alarms.keys()) }
}

/** The books in a database that no server has open. */
export function readBooks(file: string): Books {
  const db = new DatabaseSync(file)
  try {
    const integrity = db.prepare('PRAGMA integrity_check').get()?.integrity_check
    if (integrity !== 'ok') throw new Error(`the database is damaged: ${integrity}`)
    const room = db.prepare("SELECT id, seq FROM rooms WHERE path = '/room'").get()
    const id = Number(room?.id ?? 0)
    const clearing = db.prepare('SELECT max(first) AS first FROM epochs WHERE room = ? AND cleared = 1').get(id)
    const cleared = Number(clearing?.first ?? 0)
    const events = db.prepare('SELECT json FROM events WHERE room = ? AND seq >= ? ORDER BY seq').all(id, cleared)
    const storage = db.prepare('SELECT key, value FROM storage WHERE room = ?').all(id)
    const alarms = db.prepare('SELECT name FROM alarms WHERE room = ?').all(id)
    return {
      said: [],
      heard: [],
      log: events.map(({ json }): Kept => JSON.parse(String(json))),
      seq: Number(room?.seq ?? 0),
      storage: new Map(storage.map(({ key, value }) => [String(key), JSON.parse(String(value))])),
      alarms: new Set(alarms.map(({ name }) => String(name))),
    }
  } finally {
    db.close()
  }
}
