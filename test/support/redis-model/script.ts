/** A script as a server keeps it: its name (the SHA-1 of its text), its flags, and what its text was compiled to. */
import { createHash } from 'node:crypto'
import { CommandError } from './answer.ts'
import type { Checked } from './faults.ts'
import { type Compiled, compile } from './lua/compiler.ts'

export interface LoadedScript {
  readonly sha: string
  /** `undefined`: it has no line `#!lua`, and is checked command by command. */
  readonly flags: ReadonlySet<string> | undefined
  /** What is asked of the server before it runs. */
  readonly checked: Checked
  readonly compiled: Compiled
}

/** A script that is not known, or has no flags, is checked command by command. */
export const UNKNOWN: Checked = { isWrite: false, growsMemory: false, needsDisk: false, isForLoading: false }

const FLAGS = new Set(['no-writes', 'allow-oom', 'allow-stale', 'no-cluster', 'allow-cross-slot-keys'])

/** Compiled scripts by their texts: many models may share one, since compiling takes longer than running. */
export class CompiledScripts {
  readonly #known = new Map<string, LoadedScript>()

  /** `text`: as bytes. Throws a `CommandError` if it does not compile. */
  load(text: string): LoadedScript {
    const known = this.#known.get(text)
    if (known) return known
    const sha = createHash('sha1').update(text, 'latin1').digest('hex')
    const flags = flagsOf(text)
    const made = { sha, flags, checked: checkedBy(flags), compiled: compiled(text, sha) }
    this.#known.set(text, made)
    return made
  }
}

function flagsOf(text: string): ReadonlySet<string> | undefined {
  if (!text.startsWith('#!')) return undefined
  const [engine, ...options] = (/^#!(.*)/.exec(text)?.[1] ?? '').split(' ').filter(Boolean)
  if (engine !== 'lua') throw new CommandError(`ERR Unexpected engine in script shebang: ${engine}`)
  const flags = new Set<string>()
  for (const option of options) {
    if (!option.startsWith('flags=')) throw new CommandError(`ERR Unknown lua shebang option: ${option}`)
    for (const flag of option.slice('flags='.length).split(',')) {
      if (!FLAGS.has(flag)) throw new CommandError(`ERR Unexpected flag in script shebang: ${flag}`)
      flags.add(flag)
    }
  }
  return flags
}

function checkedBy(flags: ReadonlySet<string> | undefined): Checked {
  if (!flags) return UNKNOWN
  const isWrite = !flags.has('no-writes')
  return { isWrite, growsMemory: isWrite && !flags.has('allow-oom'), needsDisk: isWrite, isForLoading: false }
}

function compiled(text: string, sha: string): Compiled {
  try {
    return compile(text.replace(/^#!.*/, ''))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new CommandError(`ERR Error compiling script (new function): ${error.message} script: ${sha}`)
  }
}
