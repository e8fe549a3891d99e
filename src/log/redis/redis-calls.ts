/**
 * What the Redis log needs of a Redis: scripts that run whole or not at all, and a few commands that read. It queues
 * nothing and says nothing twice, so that a call whose answer is lost may have run, or may still run. `connection.ts` is
 * a Redis, a test has a model of one.
 */

import type { Script } from './scripts/script.ts'

/** An argument: text is sent as UTF-8. */
export type Argument = string | number | Uint8Array

/** Texts come as bytes. */
export type Reply = Buffer | number | null | readonly Reply[]

export interface RedisCalls {
  /**
   * Runs a script on one hash tag. Rejects with a `RedisRefusal` if Redis answered with an error, and with any other
   * error if no answer came: then it is not known whether the script ran, or will run.
   */
  run(script: Script, key: string, args: readonly Argument[]): Promise<Reply>
  /** Runs a command with keys of one hash tag. Rejects as `run`. */
  command(name: string, key: string, ...args: Argument[]): Promise<Reply>
  /** As `run`, and then waits a moment for a replica to have it too. Not there: no Redis behind it can have replicas. */
  runReplicated?(script: Script, key: string, args: readonly Argument[]): Promise<Replicated>
  /**
   * Hears what is published on channels, on a connection of its own. What is published while that connection is not there
   * is missed, and nobody is told. Not there: it cannot be had.
   */
  subscribe?(channels: readonly string[], heard: (channel: string, text: string) => void): Subscription
}

/** A connection that hears; it begins at once, and has no end of its own. */
export interface Subscription {
  /** Connects if there is no connection: the first could not be made, or it has ended. Nothing does so by itself. */
  revive(): void
  /** Begins a new connection: nothing comes over this one. */
  renew(): void
  end(): void
}

export interface Replicated {
  readonly reply: Reply
  /** Whether a replica has what the script wrote, and all before it. */
  readonly isReplicated: boolean
}

/** Redis answered with an error; `code` is its first word: `OOM`, `READONLY`, `LOADING`. */
export class RedisRefusal extends Error {
  readonly code: string

  constructor(message: string) {
    super(message)
    this.code = /^[A-Z]+/.exec(message)?.[0] ?? 'ERR'
  }
}
