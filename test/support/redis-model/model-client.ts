/**
 * What the log has in place of a real connection: it sends on a connection to a model, and begins a new one on the first
 * call after the old one died. Nothing is sent twice, but for a script whose text the model does not know.
 */
import { createHash } from 'node:crypto'
import type { Clock } from '../../../src/clock.ts'
import {
  type Argument,
  type RedisCalls,
  RedisRefusal,
  type Replicated,
  type Reply,
  type Subscription,
} from '../../../src/log/redis/redis-calls.ts'
import type { Script } from '../../../src/log/redis/scripts/script.ts'
import type { Answer } from './answer.ts'
import { toBytes, toReply } from './bytes.ts'
import { Blocking, type Connection, type Pace } from './connection.ts'
import type { ModelHost } from './model-host.ts'
import { ModelSubscription } from './model-subscription.ts'
import type { RedisModel } from './redis-model.ts'

/** What a call does: with the model, on a connection to it. */
type ModelWork = (model: RedisModel, connection: Connection) => Answer | Blocking

/** A commit waits so long for a replica. */
const REPLICA_MS = 100

/** How each call passes; asked when it is made. */
export type Pacing = (name: string) => Pace

const AT_ONCE: Pace = { callMs: 0, answerMs: 0 }

export class ModelClient implements RedisCalls {
  /** How calls pass from now on. */
  pacing: Pacing = () => AT_ONCE
  /** Called with what a script of it answered that has written; `undefined`: it failed. */
  wrote: (script: Script, answer: Answer | undefined) => void = () => {}
  /** Dead connections with calls that may still arrive, oldest first. */
  ghosts: readonly Connection[] = []
  readonly #clock: Clock
  readonly #digests = new Map<string, { readonly sha: string; readonly text: string }>()
  #host: ModelHost
  #connection: Connection | undefined
  #isLagging = false
  readonly #subscriptions: ModelSubscription[] = []

  /** Not there unless it may have replicas. */
  readonly runReplicated?: NonNullable<RedisCalls['runReplicated']>

  constructor(clock: Clock, host: ModelHost, { hasReplicas = false } = {}) {
    this.#clock = clock
    this.#host = host
    if (hasReplicas) this.runReplicated = (script, key, args) => this.#runReplicated(script, key, args)
  }

  /** The living connection, if there is one. */
  get connection(): Connection | undefined {
    return this.#connection?.isDead ? undefined : this.#connection
  }

  run(script: Script, key: string, args: readonly Argument[]): Promise<Reply> {
    return new Promise((resolve, reject) => this.#run(script, key, args, resolve, reject))
  }

  /** Replicas keep up again. */
  trustReplicas(): void {
    this.#isLagging = false
  }

  command(name: string, key: string, ...args: Argument[]): Promise<Reply> {
    return this.#say(name, [key, ...args])
  }

  /** Whether it takes calls now. */
  get isReady(): boolean {
    return this.#host.isUp
  }

  /** The one that is known, for commands without a key. */
  masters(): ((name: string, args: readonly Argument[]) => Promise<Reply>)[] {
    return this.#host.isUp ? [(name, args) => this.#say(name, args)] : []
  }

  subscribe(channels: readonly string[], heard: (channel: string, text: string) => void): Subscription {
    const host = () => (this.#host.isUp ? this.#host : undefined)
    const delayMs = () => {
      const { answerMs } = this.pacing('message')
      return answerMs === 'held' ? 0 : answerMs
    }
    const subscription = new ModelSubscription({ clock: this.#clock, host, channels, heard, delayMs })
    this.#subscriptions.push(subscription)
    return subscription
  }

  /** Its connections die; the next call begins another. */
  cut(): void {
    for (const subscription of this.#subscriptions) subscription.cut()
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

  /** `sent`: called each time after it was sent. */
  #run(
    script: Script,
    key: string,
    args: readonly Argument[],
    resolve: (reply: Reply) => void,
    reject: (error: Error) => void,
    sent: () => void = () => {},
  ): void {
    const { sha, text } = this.#digest(script)
    const keys = [toBytes(key)]
    const texts = args.map(toBytes)
    const say = (byText: boolean) => {
      const work: ModelWork = (model, connection) => {
        const { position } = model
        let answer: Answer | undefined
        try {
          // A script may change its arguments: each run has its own.
          answer = byText ? model.runText(text, [...keys], [...texts]) : model.runLoaded(sha, [...keys], [...texts])
          return answer
        } finally {
          if (model.position > position) {
            connection.written = model.position
            this.wrote(script, answer)
          }
        }
      }
      const refused = (error: RedisRefusal) => {
        // Nothing ran. An answer is never heard before what was sent in the same turn.
        if (!byText && error.code === 'NOSCRIPT') queueMicrotask(() => say(true))
        else reject(error)
      }
      this.#send(script.name, work, resolve, refused, reject)
      sent()
    }
    say(false)
  }

  /** As a real connection: `WAIT` follows the script on its connection; after a replica was too slow, nobody waits. */
  async #runReplicated(script: Script, key: string, args: readonly Argument[]): Promise<Replicated> {
    if (this.#isLagging) return { reply: await this.run(script, key, args), isReplicated: false }
    let waiting: Promise<Reply> = Promise.resolve(0)
    const reply = await new Promise<Reply>((resolve, reject) => {
      this.#run(script, key, args, resolve, reject, () => {
        waiting = this.#wait().catch(() => 0)
      })
    })
    const isReplicated = Number(await waiting) > 0
    this.#isLagging ||= !isReplicated
    return { reply, isReplicated }
  }

  #wait(): Promise<Reply> {
    const work: ModelWork = ({ replicas }, { written }) =>
      new Blocking((done) => replicas.wait(1, written, REPLICA_MS, this.#clock, done))
    return new Promise((resolve, reject) => this.#send('WAIT', work, resolve, reject, reject))
  }

  #say(name: string, args: readonly Argument[]): Promise<Reply> {
    const texts = args.map(toBytes)
    return new Promise((resolve, reject) => {
      this.#send(name, (model) => model.command(name, texts), resolve, reject, reject)
    })
  }

  #send(
    name: string,
    work: ModelWork,
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
      work: () => work(model, connection),
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
