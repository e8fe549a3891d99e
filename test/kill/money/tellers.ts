/**
 * The clients of the bank: the product's own client, which comes back by itself and sends again, under the same id, what
 * was not answered. Each speaker says one message at a time, so that a key is its name and a number.
 */
import { type ClientRoom, CorridorError, connect } from '../../../src/client/client.ts'
import { PATIENCE_MS } from '../../support/patience.ts'
import { type Dice, seeded } from '../../support/random.ts'
import type { Spoken } from './checker.ts'
import type { Kept } from './fold.ts'
import { ACCOUNTS } from './room.ts'

/** So impatient that a server that comes back is met at once. */
const retry = { firstMs: 20, restartMs: 20, baseMs: 10, capMs: 100 }
const SPEAKERS = 4
/** Of a hundred messages; the others are moves. */
const SHARES = { transfer: 12, fee: 10, correct: 6, sweep: 2, fail: 12 }
const WAYS = ['sync', 'late', 'async', 'awaited']
const HEARD = ['moved', 'taken', 'given', 'charged', 'corrected', 'part', 'wrong']

export class Tellers {
  readonly said = new Map<string, Spoken>()
  readonly heard: Kept[] = []
  acked = 0
  duplicates = 0
  readonly #rooms: ClientRoom[] = []
  readonly #loops: Promise<void>[] = []
  readonly #waiting = new Set<() => void>()
  #isStopped = false

  constructor(url: string, count: number, seed: number) {
    for (let i = 1; i <= count; i += 1) {
      const room = connect('/room', { url, name: `teller ${i}`, retry })
      this.#rooms.push(room)
      for (const type of HEARD) {
        room.on(type, ({ seq = 0, data }) => this.heard.push({ seq, type, data: data as Kept['data'] }))
      }
      for (let n = 1; n <= SPEAKERS; n += 1) this.#loops.push(this.#speak(room, `${i}.${n}`, seeded(seed + i * 10 + n)))
    }
  }

  /** Says nothing new, and waits until all is answered. */
  async rest(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#loops)
  }

  leave(): void {
    this.#isStopped = true
    for (const room of this.#rooms) room.close()
  }

  /** Resolves when so many more are acknowledged. */
  async moreAcked(more: number): Promise<void> {
    const target = this.acked + more
    await new Promise<void>((resolve, reject) => {
      const late = () => reject(new Error(`waited ${PATIENCE_MS} ms for ${target} acknowledged, got ${this.acked}`))
      const timer = setTimeout(late, PATIENCE_MS)
      const look = () => {
        if (this.acked < target) return
        clearTimeout(timer)
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
      look()
    })
  }

  async #speak(room: ClientRoom, speaker: string, dice: Dice): Promise<void> {
    for (let count = 1; !this.#isStopped; count += 1) {
      const key = `${speaker}:${count}`
      const { type, data } = message(dice, key)
      const kind = 'how' in data ? data.how : type
      this.said.set(key, { key, type: kind, outcome: undefined })
      try {
        const { seq, duplicate } = await room.send(type, data as never)
        this.said.set(key, { key, type: kind, outcome: 'acked', seq })
        this.acked += 1
        if (duplicate) this.duplicates += 1
      } catch (error) {
        const outcome = error instanceof CorridorError ? error.code : String(error)
        if (outcome !== 'closed') this.said.set(key, { key, type: kind, outcome })
      }
      for (const look of this.#waiting) look()
    }
  }
}

function message(dice: Dice, key: string): { type: string; data: { key: string; how?: string } } {
  let number = dice.below(100)
  for (const [type, share] of Object.entries(SHARES)) {
    number -= share
    if (number >= 0) continue
    if (type === 'fail') return { type, data: { key, how: dice.pick(WAYS) } }
    return { type, data: type === 'sweep' || type === 'correct' ? { key } : moveOf(dice, key) }
  }
  return { type: 'move', data: moveOf(dice, key) }
}

function moveOf(dice: Dice, key: string): { key: string; from: string; to: string; amount: number } {
  return { key, from: dice.pick(ACCOUNTS), to: dice.pick(ACCOUNTS), amount: 1 + dice.below(50) }
}
