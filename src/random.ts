/**
 * Chance, passed in as time is (`clock.ts`): the server draws from `systemRandom()`, a test from a seed, so that what
 * happened once happens again.
 */
import { randomBytes, randomUUID } from 'node:crypto'

export interface Random {
  /** A name that nobody else has and nobody can guess: a UUID (RFC 9562, version 4). */
  id(): string
  /** So many bytes that nobody can guess. */
  bytes(count: number): Buffer
  /** 0 ≤ x < 1, to spread in time what would come at once. It can be guessed: nothing secret is made of it. */
  fraction(): number
}

/** The machine's. */
export function systemRandom(): Random {
  return { id: () => randomUUID(), bytes: (count) => randomBytes(count), fraction: () => Math.random() }
}
