/**
 * What the log has in place of a real connection: it sends on a connection to a model, and begins a new one on the first
 * call after the old one died. Nothing is sent twice, but for a script whose text the model does not know.
 */
import { createHash } from 'node:crypto'
import type { Clock } from '../../../src/clock.ts'
import { type Argument, type RedisCalls, RedisRefusal, type Reply } from '../../../src/log/redis/redis-calls.ts'
import type { Script } from '../../../src/log/redis/scripts/script.ts'
import { type Answer, Status } from './answer.ts'
import type { Connection, Pace } from './connection.ts'
import type { ModelHost } from './model-host.ts'
import type { RedisModel } from './redis-model.ts'

/** How each call passes; asked when it is made. */
export type Pacing = (name: string) => Pace

const AT_ONCE: Pace = { callMs: 0, answerMs: 0 }

export class ModelClient implements RedisCalls {
  /** How calls pass from now on. */
  pacing: Pacing = () => AT_ONCE
  /** Dead connections with calls that may still arrive, oldest first. */
  ghosts: readonly Connection[] = []
  readonly #clock: Clock
  readonly #digests = new Map<string, { readonly sha: string; readonly text: string }>()
  #host: ModelHost
  #connection: Connection | undefined

  constructor(clock: Clock, host: ModelHost) {
    this.#clock = clock
    this.#host = host
  }

  /** The living connection, if there is one. */
  get connection(): Connection | undefined {
    return this.#connection?.isDead ? undefined : this.#connection
  }

  run(script: Script, key: string, args: readonly Argument[]): Promise<Reply> {
    const { sha, text } = this.#digest(script)
    const keys = [toBytes(key)]
    const texts = args.map(toBytes)
    return new Promise((resolve, reject) => {
      const say = (byText: boolean) => {
        // A script may change its arguments: each run has its own.
        const work = (model: RedisModel) =>
          byText ? model.runText(text, [...keys], [...texts]) : model.runLoaded(sha, [...keys], [...texts])
        const refused = (error: RedisRefusal) => {
          // Nothing ran.
          if (!byText && error.code === 'NOSCRIPT') say(true)
          else reject(error)
        }
        this.#send(script.name, work, resolve, refused, reject)
      }
      say(false)
    })
  }

  command(name: string, key: string, ...args: Argument[]): Promise<Reply> {
    return this.#say(name, [key, ...args])
  }

  /** A command without a key. */
  async ask(name: string, ...args: Argument[]): Promise<Reply[]> {
    return [await this.#say(name, args)]
  }

  /** Its connection dies; the next call begins another. */
  cut(): void {
    const dead = this.connection
    if (!dead) return
    this.ghosts = [...this.ghosts, dead].filter(({ sent }) => sent.length > 0)
    dead.cut()
  }

  /** Its next connection leads there. */
  moveTo(host: ModelHost): void {
    this.cut()
    this.#host = host
  }

  #say(name: string, args: readonly Argument[]): Promise<Reply> {
    const texts = args.map(toBytes)
    return new Promise((resolve, reject) => {
      this.#send(name, (model) => model.command(name, texts), resolve, reject, reject)
    })
  }

  #send(
    name: string,
    work: (model: RedisModel) => Answer,
    answered: (reply: Reply) => void,
    refused: (error: RedisRefusal) => void,
    lost: (error: Error) => void,
  ): void {
    const connection = this.connection ?? this.#connect()
    if (!connection) {
      lost(new Error(`${name}: not connected`))
      return
    }
    const { model } = this.#host
    connection.send({
      name,
      work: () => work(model),
      pace: this.pacing(name),
      answered: (answer) => answered(toReply(answer)),
      refused: ({ message }) => refused(new RedisRefusal(Buffer.from(message, 'latin1').toString())),
      lost: () => lost(new Error(`${name}: the connection ended before its answer`)),
    })
  }

  #connect(): Connection | undefined {
    this.#connection = this.#host.isUp ? this.#host.connect(this.#clock) : undefined
    return this.#connection
  }

  #digest({ text }: Script): { readonly sha: string; readonly text: string } {
    const known = this.#digests.get(text)
    if (known) return known
    const made = { sha: createHash('sha1').update(text).digest('hex'), text: toBytes(text) }
    this.#digests.set(text, made)
    return made
  }
}

/** As a string of bytes. */
export function toBytes(argument: Argument): string {
  if (typeof argument === 'number') return String(argument)
  if (typeof argument !== 'string')
    return Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength).toString('latin1')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is the same in bytes.
  return /^[\x00-\x7f]*$/.test(argument) ? argument : Buffer.from(argument).toString('latin1')
}

export function toReply(answer: Answer): Reply {
  if (typeof answer === 'string') return Buffer.from(answer, 'latin1')
  if (answer === null || typeof answer === 'number') return answer
  return answer instanceof Status ? Buffer.from(answer.text, 'latin1') : answer.map(toReply)
}
