/**
 * A model of one Redis: its keys, its scripts, its faults. It does nothing by itself and knows no chance: its time is
 * given, and what a test asks of it happens at once. Clients reach it by connections that a test holds up and cuts
 * (`model-client.ts`). `test/redis-model/` holds it to a real Redis.
 */
import { createHash } from 'node:crypto'
import { type Answer, CommandError } from './answer.ts'
import { Channels } from './channels.ts'
import type { Command, ServerFacts } from './command.ts'
import { commands } from './commands/all.ts'
import { Faults } from './faults.ts'
import { History, type Write } from './history.ts'
import { Keyspace } from './keyspace.ts'
import { Replicas } from './replicas.ts'
import { CompiledScripts, type LoadedScript, UNKNOWN } from './script.ts'
import { type ScriptHost, ScriptRun } from './script-run.ts'
import { configOf, configsLike, infoOf, roleOf } from './server-facts.ts'

export interface ModelParts {
  /** Of the machine that it runs on; ms since 1970. */
  readonly clock: { now(): number }
  /** Part of its run ids: two models with one name have the same. */
  readonly name?: string
  /** What `CONFIG GET` answers, beside what is usual. */
  readonly config?: Readonly<Record<string, string>>
  /** Models that share it compile a script once. */
  readonly compiled?: CompiledScripts
  /** Its run ids, if they are not to be made up. */
  readonly newRunId?: () => string
  /** How many writes can be lost by a restart at least. */
  readonly history?: number
  /** Called after each call that has written. */
  readonly wrote?: (model: RedisModel) => void
}

/** How many writes are kept, to be lost. */
const HISTORY = 1_000

export class RedisModel {
  readonly faults = new Faults()
  readonly replicas = new Replicas(this)
  readonly channels = new Channels()
  readonly config: Map<string, string>
  readonly #parts: ModelParts
  readonly #commands = commands()
  readonly #compiled: CompiledScripts
  readonly #scripts = new Map<string, LoadedScript>()
  readonly #facts: ServerFacts
  readonly #run: ScriptRun
  #db: Keyspace
  #history: History
  #writes: Write[] = []
  #lives = 1
  #runId: string

  constructor(parts: ModelParts, db = new Keyspace(), position = 0) {
    this.#parts = parts
    this.#db = db
    this.#history = new History(db, parts.history ?? HISTORY, position)
    this.#compiled = parts.compiled ?? new CompiledScripts()
    this.config = configOf(parts.config)
    this.#runId = this.#newRunId()
    this.#facts = this.#factsOf()
    this.#run = new ScriptRun(this.#host())
  }

  get runId(): string {
    return this.#runId
  }

  /** How many calls have written. */
  get position(): number {
    return this.#history.position
  }

  get keys(): Keyspace {
    return this.#db
  }

  /** A hash of all that is kept. */
  hash(): string {
    return this.#db.hash()
  }

  /** A command of a client. Throws a `CommandError`. */
  command(name: string, args: readonly string[]): Answer {
    const command = this.#find(name)
    if (!command) throw new CommandError(`ERR unknown command '${name}', with args beginning with: ${beginning(args)}`)
    if (command.arity > 0 ? args.length + 1 !== command.arity : args.length + 1 < -command.arity)
      throw new CommandError(`ERR wrong number of arguments for '${command.name.toLowerCase()}' command`)
    this.faults.mayRun(command)
    this.#begin()
    return this.#finish(() => this.#execute(command, args))
  }

  /** `EVALSHA`. */
  runLoaded(sha: string, keys: string[], args: string[]): Answer {
    const script = this.#scripts.get(sha)
    this.faults.mayRun(script?.checked ?? UNKNOWN)
    if (!script) throw new CommandError('NOSCRIPT No matching script. Please use EVAL.')
    return this.#runScript(script, keys, args)
  }

  /** `EVAL`. */
  runText(text: string, keys: string[], args: string[]): Answer {
    const script = this.#compiled.load(text)
    this.faults.mayRun(script.checked)
    this.#scripts.set(script.sha, script)
    return this.#runScript(script, keys, args)
  }

  /** Its process ends and is started again: another run id, no script known; with the state of `position`. */
  restart(position = this.position): void {
    this.goTo(position)
    this.#scripts.clear()
    this.#lives += 1
    this.#runId = this.#newRunId()
  }

  forgetScripts(): void {
    this.#scripts.clear()
  }

  /** These keys are evicted; without any, all is gone (`FLUSHALL`). */
  lose(...keys: readonly string[]): void {
    this.#begin()
    this.#finish(() => {
      const command = this.#find(keys.length > 0 ? 'DEL' : 'FLUSHALL')
      if (command) this.#execute(command, keys)
    })
  }

  /** Another process, with the state that this one had at `position`: a replica that was so far when it took over. */
  fork(name: string, position = this.position): RedisModel {
    return new RedisModel({ ...this.#parts, name }, this.#history.at(position), position)
  }

  /** It has the state of `position`, and nothing of what came after. */
  goTo(position: number): void {
    if (position === this.position) return
    this.#db = this.#history.at(position)
    this.#history = new History(this.#db, this.#parts.history ?? HISTORY, position)
  }

  #runScript(script: LoadedScript, keys: string[], args: string[]): Answer {
    this.#begin()
    return this.#finish(() => this.#run.run(script, keys, args))
  }

  #begin(): void {
    this.#writes = []
    this.#db.nowMs = Math.floor(this.#facts.timeUs / 1000)
  }

  /** What a call wrote stays, also if it fails. */
  #finish<T>(work: () => T): T {
    try {
      return work()
    } finally {
      if (this.#writes.length > 0) {
        this.#history.add(this.#db, this.#writes)
        this.#parts.wrote?.(this)
      }
    }
  }

  #execute(command: Command, args: readonly string[]): Answer {
    const answer = command.run(this.#db, args, this.#facts)
    if (command.isWrite) this.#writes.push({ command, args })
    return answer
  }

  #find(name: string): Command | undefined {
    return this.#commands.get(name) ?? this.#commands.get(name.toUpperCase())
  }

  #newRunId(): string {
    if (this.#parts.newRunId) return this.#parts.newRunId()
    return createHash('sha1')
      .update(`${this.#parts.name ?? 'redis'} ${this.#lives}`)
      .digest('hex')
  }

  #host(): ScriptHost {
    const { faults } = this
    return {
      faults,
      command: (name: string) => this.#find(name),
      execute: (command: Command, args: readonly string[]) => this.#execute(command, args),
    }
  }

  #factsOf(): ServerFacts {
    const model = this
    return {
      get timeUs() {
        return Math.round((model.#parts.clock.now() + model.faults.clockErrorMs) * 1000)
      },
      info: (section) => infoOf(model, section),
      config: (pattern) => configsLike(model.config, pattern),
      role: () => roleOf(model),
      publish: (channel, message) => model.channels.publish(channel, message),
    }
  }
}

/** What an error names of them. */
function beginning(args: readonly string[]): string {
  let text = ''
  for (const arg of args) if (text.length < 128) text += `'${arg.slice(0, 128 - text.length)}' `
  return text
}
