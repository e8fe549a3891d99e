/**
 * A process with a log alone, which keeps events, storage, alarms and ids together, and kills itself at a named point, with
 * the signal no process can catch. `state.test.ts` starts it, and reads what is left.
 *
 * `append`: handed to the log. `committing`: the database has it. `commit`: on disk, nothing was said of it. `erasing`: a
 * room is being erased.
 */
import { writeSync } from 'node:fs'
import { systemClock } from '../../src/clock.ts'
import { codeOf, errorOf } from '../../src/thrown.ts'
import { CLEARED_EACH, REDACTED_EACH, TOTAL } from './moves.ts'
import { openLog } from './opened-log.ts'

const { FOLDER = '', POINT = '', AFTER = '1' } = process.env
const AT_ONCE = 16
/** The log goes on after an error in `kept`, so nobody but its logger hears of it. */
const logger = { debug() {}, info() {}, warn() {}, error: ({ err }: { err?: unknown }) => end(err) }
let left = Number(AFTER)

function isLast(point: string): boolean {
  if (point !== POINT) return false
  left -= 1
  return left === 0
}

function die(): void {
  process.kill(process.pid, 'SIGKILL')
}

/** Ends otherwise than by the signal, and says why. */
function end(error: unknown): void {
  say(2, `${errorOf(error).stack}\n`)
  process.exit(1)
}

/**
 * Says it before this returns. Node makes these pipes non-blocking once a thread is started (it opens `process.stdout`),
 * so a write fails while a slow reader has left them full.
 */
function say(pipe: 1 | 2, text: string): void {
  for (;;) {
    try {
      writeSync(pipe, text)
      return
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}

const { log } = await openLog({ folder: FOLDER, redisUrl: process.env.REDIS_URL }, systemClock(), logger)
const room = await log.open('/room', { keep: 100_000, maxAgeMs: 1e12, durable: true })
say(1, 'started\n')
let next = room.seq + 1

function move(): void {
  const n = next
  next += 1
  room.append({
    drafts: [{ type: 'moved', data: JSON.stringify({ n, secret: 'x'.repeat(300) }) }],
    keys: [{ client: 'mover', id: String(n), hash: 'h', draft: 0 }],
    changes: {
      storage: new Map([
        ['from', String(TOTAL - n)],
        ['to', String(n)],
        [`move/${n}`, '1'],
        [`move/${n - 20}`, undefined],
      ]),
      alarms: new Map([['next', n]]),
      redacted: n % REDACTED_EACH === 0 ? [n - 3] : undefined,
      clearsHistory: n % CLEARED_EACH === 0,
    },
    size: 0,
    kept() {
      if (isLast('commit')) die()
      say(1, `acked ${n}\n`)
      if (next > 200 && POINT === 'erasing') void erase()
      else move()
    },
    failed: end,
  })
  if (isLast('append')) die()
  if (isLast('committing')) setImmediate(() => setImmediate(die))
}

let isErasing = false
async function erase(): Promise<void> {
  if (isErasing) return
  isErasing = true
  setTimeout(die, Math.random() * Number(AFTER))
  await log.erase('/room')
  die()
}

for (let line = 0; line < AT_ONCE; line += 1) move()
