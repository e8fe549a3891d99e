/**
 * What is asked of Redis beside commits: rooms that open, ids, pages, what the operator wants to know. Whoever asks is told
 * `unavailable` while Redis is away, and may ask again. `redis.ts` asks through it; commits settle instead.
 */
import { RoomError } from '../../errors.ts'
import { type RedisCalls, RedisRefusal } from './redis-calls.ts'

/** What Redis answers while it cannot do what it does at other times. */
const FOR_NOW = new Set([
  'BUSY',
  'CLUSTERDOWN',
  'LOADING',
  'MASTERDOWN',
  'MISCONF',
  'NOREPLICAS',
  'OOM',
  'READONLY',
  'TRYAGAIN',
])

export class Questions implements RedisCalls {
  readonly #calls: RedisCalls

  constructor(calls: RedisCalls) {
    this.#calls = calls
  }

  run: RedisCalls['run'] = (...call) => this.#calls.run(...call).catch(unanswered)

  command: RedisCalls['command'] = (...call) => this.#calls.command(...call).catch(unanswered)
}

/** Any other answer is a mistake of ours. */
function unanswered(error: unknown): never {
  if (error instanceof RedisRefusal && !FOR_NOW.has(error.code)) throw error
  throw new RoomError('unavailable', 'the log does not answer now, try again later')
}
