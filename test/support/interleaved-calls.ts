/** Calls of a Redis, of which one is held up until another node has come to a point of its own: systematically each at each. */
import type { RedisCalls, Reply } from '../../src/log/redis/redis-calls.ts'

/**
 * What becomes of the call. `late`: it arrives then, and who said it waits. `ghost`: who said it hears at once that its
 * connection has ended, and it arrives then. `slow`: it runs at once, its answer comes then. `deaf`: it runs at once, and
 * who said it hears then that its connection has ended.
 */
export const FATES = ['late', 'ghost', 'slow', 'deaf'] as const
export type Fate = (typeof FATES)[number]

export interface Holding {
  /** Which of its calls: 0, 1, … */
  readonly call: number
  readonly fate: Fate
  /** Called when it is said. */
  readonly said: () => void
  /** When it goes on. */
  readonly until: Promise<void>
}

const ended = () => new Error('the connection has ended')

export class InterleavedCalls implements RedisCalls {
  readonly #calls: RedisCalls
  /** The names of those that were said, from `begin` on, and how many were answered. */
  readonly said: string[] = []
  answers = 0
  #holding: Holding | undefined
  /** Called after each answer. */
  answered: () => void = () => {}

  constructor(calls: RedisCalls) {
    this.#calls = calls
  }

  /** It counts from now on. */
  begin(holding?: Holding): void {
    this.said.length = this.answers = 0
    this.#holding = holding
  }

  run: RedisCalls['run'] = (script, ...rest) => this.#say(script.name, () => this.#calls.run(script, ...rest))

  command: RedisCalls['command'] = (name, ...rest) => this.#say(name, () => this.#calls.command(name, ...rest))

  async #say(name: string, call: () => Promise<Reply>): Promise<Reply> {
    this.said.push(name)
    const isHeld = this.#holding?.call === this.said.length - 1
    if (isHeld) this.#holding?.said()
    try {
      return await (isHeld && this.#holding ? held(this.#holding, call) : call())
    } finally {
      this.answers += 1
      this.answered()
    }
  }
}

async function held({ fate, until }: Holding, call: () => Promise<Reply>): Promise<Reply> {
  switch (fate) {
    case 'late':
      await until
      return call()
    case 'ghost':
      void until.then(call).catch(() => {})
      throw ended()
    case 'slow': {
      const reply = await call()
      await until
      return reply
    }
    default:
      await call()
      await until
      throw ended()
  }
}
