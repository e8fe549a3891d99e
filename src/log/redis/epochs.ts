/**
 * The epochs of the Redis log. Each opening of a room begins one of its own, since another server may have had the room
 * meanwhile, or Redis may have lost writes. An epoch that was never saved can still be judged: its last digits are a MAC
 * of where it began.
 */
import type { Clock } from '../../clock.ts'
import type { Random } from '../../random.ts'
import { type EpochMaker, keyedPlace } from '../epoch.ts'

/** Hex digits: 48 bits of time in ms, 40 random bits, 40 bits of the MAC. */
const TIME = 12
const HEAD = 22

export class RedisEpochs implements EpochMaker {
  readonly #clock: Clock
  readonly #random: Random
  readonly #key: () => Uint8Array

  constructor(clock: Clock, random: Random, key: () => Uint8Array) {
    this.#clock = clock
    this.#random = random
    this.#key = key
  }

  begin(path: string, previous: string | undefined, first: number): string {
    const last = previous ? Number.parseInt(previous.slice(0, TIME), 16) : 0
    const time = Math.max(Math.floor(this.#clock.now()), last + 1)
    const head = time.toString(16).padStart(TIME, '0') + this.#random.bytes(5).toString('hex')
    return head + this.#place(head, path, previous, first)
  }

  hasBegun(epoch: string, path: string, previous: string | undefined, first: number): boolean {
    return epoch.slice(HEAD) === this.#place(epoch.slice(0, HEAD), path, previous, first)
  }

  #place(head: string, path: string, previous: string | undefined, first: number): string {
    return keyedPlace(this.#key(), head, path, previous, first)
  }
}
