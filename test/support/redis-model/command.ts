/** What a command is: how many arguments it takes, what it may do, and its work on a keyspace. `commands/` has them. */
import type { Answer } from './answer.ts'
import type { Keyspace } from './keyspace.ts'

/** What a command may ask of the server that runs it. */
export interface ServerFacts {
  /** The time in µs since 1970. */
  readonly timeUs: number
  info(section: string): string
  config(pattern: string): readonly string[]
  role(): Answer
  /** Says it to who hears the channel; returns how many. */
  publish(channel: string, message: string): number
}

export interface Command {
  readonly name: string
  /** How many words it has with its name; negative: at least so many. */
  readonly arity: number
  readonly isWrite: boolean
  /** Refused when the memory is full. */
  readonly growsMemory: boolean
  /** Refused while the disk cannot be written. */
  readonly needsDisk: boolean
  /** Answered while the data is being loaded. */
  readonly isForLoading: boolean
  /** Not for scripts. */
  readonly isForClients: boolean
  run(db: Keyspace, args: readonly string[], server: ServerFacts): Answer
}

type Run = Command['run']

/** A command that reads. */
export function reads(name: string, arity: number, run: Run): Command {
  return {
    name,
    arity,
    run,
    isWrite: false,
    growsMemory: false,
    needsDisk: false,
    isForLoading: false,
    isForClients: false,
  }
}

/** A command that writes and needs memory. */
export function writes(name: string, arity: number, run: Run): Command {
  return { ...frees(name, arity, run), growsMemory: true }
}

/** A command that writes, also when the memory is full. */
export function frees(name: string, arity: number, run: Run): Command {
  return { ...reads(name, arity, run), isWrite: true, needsDisk: true }
}

/** A command about the server, which it also answers while it loads. */
export function tells(name: string, arity: number, run: Run): Command {
  return { ...reads(name, arity, run), isForLoading: true }
}
