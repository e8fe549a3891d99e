/**
 * Scripts on a server: `redis.call` and its like, and what Redis checks before a script and before each of its commands.
 * A command that fails ends the script; what it wrote before stays.
 */
import { createHash } from 'node:crypto'
import { type Answer, CommandError } from './answer.ts'
import type { Command } from './command.ts'
import { type Faults, OOM } from './faults.ts'
import { bad, stringOf } from './lua/arguments.ts'
import type { REDIS } from './lua/globals.ts'
import { library, tableWith, thrown } from './lua/library.ts'
import { type Operators, operators } from './lua/operators.ts'
import { first, LuaError, type LuaFunction, LuaTable, type LuaValue } from './lua/table.ts'
import { commandArgument, failure, fromLua, toLua } from './lua-values.ts'
import type { LoadedScript } from './script.ts'

/** What a script needs of its server. */
export interface ScriptHost {
  readonly faults: Faults
  command(name: string): Command | undefined
  execute(command: Command, args: readonly string[]): Answer
}

type Bound = (keys: LuaTable, args: LuaTable) => ReturnType<LuaFunction>

export class ScriptRun {
  readonly #host: ScriptHost
  readonly #operators: Operators
  readonly #globals: ReadonlyMap<string, LuaValue>
  readonly #bound = new WeakMap<LoadedScript, Bound>()
  #script: LoadedScript | undefined
  #hasWritten = false

  constructor(host: ScriptHost) {
    this.#host = host
    const redis = this.#redis()
    const globals = library()
    globals.set('redis', tableWith(redis))
    for (const [name, value] of Object.entries(redis)) globals.set(`redis.${name}`, value)
    this.#globals = globals
    this.#operators = operators(globals.get('string') as LuaTable)
  }

  run(script: LoadedScript, keys: string[], args: string[]): Answer {
    const bound = this.#bound.get(script) ?? this.#bind(script)
    this.#script = script
    this.#hasWritten = false
    try {
      return fromLua(first(bound(new LuaTable(keys), new LuaTable(args))))
    } catch (error) {
      if (error instanceof CommandError) throw error
      throw failure(thrown(error))
    }
  }

  #bind(script: LoadedScript): Bound {
    const bound = script.compiled(this.#operators, (path) => this.#globals.get(path))
    this.#bound.set(script, bound)
    return bound
  }

  #call(values: readonly LuaValue[]): Answer {
    if (values.length === 0) throw new CommandError('ERR Please specify at least one argument for this redis lib call')
    const name = commandArgument(values[0])
    const args: string[] = []
    for (let at = 1; at < values.length; at += 1) args.push(commandArgument(values[at]))
    const host = this.#host
    const command = host.command(name)
    if (!command) throw new CommandError('ERR Unknown Redis command called from script')
    if (command.isForClients) throw new CommandError('ERR This Redis command is not allowed from script')
    if (command.arity > 0 ? values.length !== command.arity : values.length < -command.arity)
      throw new CommandError('ERR Wrong number of args calling Redis command from script')
    if (command.isWrite) this.#mayWrite(command)
    return host.execute(command, args)
  }

  #mayWrite(command: Command): void {
    const flags = this.#script?.flags
    const { faults } = this.#host
    if (flags?.has('no-writes')) throw new CommandError('ERR Write commands are not allowed from read-only scripts.')
    faults.mayWrite()
    if (faults.isFull && command.growsMemory && !this.#hasWritten && !flags?.has('allow-oom')) throw OOM
    this.#hasWritten = true
  }

  #redis(): Record<(typeof REDIS)[number], LuaValue> {
    return {
      call: (...values) => {
        try {
          return toLua(this.#call(values))
        } catch (error) {
          if (error instanceof CommandError) throw new LuaError(tableWith({ err: error.message }))
          throw error
        }
      },
      pcall: (...values) => {
        try {
          return toLua(this.#call(values))
        } catch (error) {
          if (error instanceof CommandError) return tableWith({ err: error.message })
          throw error
        }
      },
      error_reply: (message) => tableWith({ err: stringOf(message, 1, 'error_reply').replace(/^-/, '') }),
      status_reply: (text) => tableWith({ ok: stringOf(text, 1, 'status_reply') }),
      sha1hex: (text) =>
        createHash('sha1')
          .update(stringOf(text, 1, 'sha1hex'), 'latin1')
          .digest('hex'),
      log: () => [],
      replicate_commands: () => true,
      set_repl: () => [],
      setresp: (version) => {
        if (version !== 2) throw bad(1, 'setresp', 'the model speaks RESP 2')
        return []
      },
      LOG_DEBUG: 0,
      LOG_VERBOSE: 1,
      LOG_NOTICE: 2,
      LOG_WARNING: 3,
    }
  }
}
