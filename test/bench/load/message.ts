/**
 * The messages that are published: ready-made masked frames of chat-like text, in which only the time is written anew.
 */
import type { Dialect } from './dialect.ts'
import { dialects } from './dialect.ts'
import { clientFrame } from './frames.ts'
import type { Job } from './job.ts'
import { STAMP, writeStamp } from './stamp.ts'

/** Many different texts, so that a compressor cannot learn the one. */
const TEXTS = 512
const WORDS = `door lamp river the a and we they morning kettle is was will be on under near bicycle letter window
  quiet loud green paper yesterday tomorrow maybe never found lost bring carry seven eleven forty harbour train late
  early question answer tree stone bread salt orange market street bridge cold warm rain after before with without
  someone nobody told asked heard wrote called opened closed ready almost again once more than less good better old
  new meeting number table garden key song story long short island northern southern`.split(/\s+/)

interface Ready {
  readonly frame: Buffer
  readonly payloadAt: number
  readonly digitsAt: number
}

export class Messages {
  readonly #ready: Ready[]
  #next = 0

  /** A job's messages: `bytes` is the size of the event as JSON, and every dialect carries the same text. */
  constructor(job: Job, dialect: Dialect) {
    const random = randomFrom(7)
    const bare = dialects.plain.wrap().join('').length
    this.#ready = Array.from({ length: TEXTS }, () => {
      const stamp = job.hasAcks ? '' : STAMP
      const text = stamp + words(random, Math.max(1, job.bytes - bare - stamp.length))
      const [before, after] = dialect.wrap(job.hasAcks ? `${STAMP}` : undefined)
      const whole = before + text + after
      const { frame, start } = clientFrame(1, Buffer.from(whole))
      return { frame, payloadAt: start, digitsAt: start + whole.indexOf('~') + 1 }
    })
  }

  /** The next messages, one frame for each due time, in one piece. */
  take(dueUs: readonly number[]): Buffer {
    const chosen = dueUs.map(() => this.#ready[this.#next++ % TEXTS] as Ready)
    const bytes = Buffer.allocUnsafe(chosen.reduce((sum, { frame }) => sum + frame.length, 0))
    let at = 0
    for (const [i, { frame, payloadAt, digitsAt }] of chosen.entries()) {
      frame.copy(bytes, at)
      writeStamp(bytes, at + digitsAt, at + payloadAt, dueUs[i] as number)
      at += frame.length
    }
    return bytes
  }
}

function words(random: () => number, length: number): string {
  let text = ''
  while (text.length < length) text += ` ${WORDS[Math.floor(random() * WORDS.length)]}`
  return text.slice(1, length + 1).padEnd(length, '.')
}

/** The same numbers in every run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
