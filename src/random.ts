/**
 * Randomness, injected like time (`clock.ts`): the server uses `systemRandom()`, a test a seeded one, so that a failure
 * can be repeated.
 */
import { randomBytes, randomUUID } from 'node:crypto'

export interface Random {
  /** A unique id that cannot be guessed: a UUID (RFC 9562, version 4). */
  id(): string
  /** Bytes that cannot be guessed. */
  bytes(count: number): Buffer
  /** 0 ≤ x < 1, for jitter. It can be guessed, so it is not for secrets. */
  fraction(): number
}

/** The randomness of the machine. */
export function systemRandom(): Random {
  return { id: () => randomUUID(), bytes: (count) => randomBytes(count), fraction: () => Math.random() }
}
