/** Calls of a Redis, of which a test has one arrive late: the log hears that its connection has ended, and goes on. */
import type { RedisCalls } from '../../src/log/redis/redis-calls.ts'

export class HeldCalls implements RedisCalls {
  readonly #calls: RedisCalls
  #holds: string | undefined
  #arrive: (() => Promise<unknown>) | undefined
  #stalled: { readonly script: string; readonly isOver: Promise<void> } | undefined
  /** Called when a script was answered, before the log hears of it. */
  answered: (script: string) => Promise<unknown> = async () => {}

  constructor(calls: RedisCalls) {
    this.#calls = calls
  }

  command: RedisCalls['command'] = (...command) => this.#calls.command(...command)

  run: RedisCalls['run'] = async (script, ...rest) => {
    if (this.#holds === script.name) {
      this.#holds = undefined
      this.#arrive = () => this.#calls.run(script, ...rest)
      throw new Error('the connection has ended')
    }
    const answer = await this.#calls.run(script, ...rest)
    if (this.#stalled?.script === script.name) await this.#stalled.isOver
    await this.answered(script.name)
    return answer
  }

  /** The next call of this script is held. */
  hold(script: string): void {
    this.#holds = script
  }

  /** The answers of this script wait. Returns what lets them pass. */
  stall(script: string): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#stalled = { script, isOver: promise }
    return () => {
      this.#stalled = undefined
      resolve()
    }
  }

  /** What was held arrives; what it is answered, nobody hears. */
  async arrive(): Promise<void> {
    const arrive = this.#arrive
    if (!arrive) throw new Error('expected a call that is held')
    this.#arrive = undefined
    await arrive()
  }
}
