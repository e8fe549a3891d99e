/**
 * The verbs of the command line, and help. `main.ts` passes the arguments and the process, and exits with the returned
 * code; each verb has its own file.
 */
import { suggestion } from '../mistakes.ts'
import { ownVersion } from '../version.ts'
import { backup } from './backup.ts'
import { bench } from './bench.ts'
import { check, type Terminal } from './check.ts'
import { connect, type Streams } from './connect.ts'
import { init } from './init.ts'
import { newRoom } from './new-room.ts'
import { type Signals, start } from './start.ts'
import { token } from './token.ts'

const USAGE = `corridor init [FOLDER]  make a project that runs: a room, its page, its test
corridor start          start the server (--dev: reload the rooms when a file changes)
corridor dev            the same as start --dev
corridor check          check the environment, rooms.json and the modules (--write-schema: write rooms.schema.json)
corridor new-room NAME  write a room module, its test, and its line in rooms.json
corridor token PATH     print a token for a room with auth.secret, for development (--sub, --name, --for, --claim)
corridor connect URL    talk to a room: lines in, frames out (--name, --token, --client, --offset, --stay)
corridor backup FILE    write a consistent copy of the log, of a running or a stopped server
corridor bench          benchmark this server beside similar ones (--help lists the options)
corridor --version      print the version
corridor help           print this text
`

type Verb = (args: readonly string[], streams: Streams, signals: Signals) => Promise<number> | number

const VERBS: Readonly<Record<string, Verb>> = {
  init: (args, terminal) => init(args, terminal),
  start,
  dev: (args, terminal, signals) => start([...args, '--dev'], terminal, signals),
  check: (args, terminal) => check(args, terminal),
  'new-room': (args, terminal) => newRoom(args, terminal),
  token: (args, terminal) => token(args, terminal),
  connect,
  backup: (args, terminal) => backup(args, terminal),
  bench: (args, terminal) => bench(args, terminal),
  help: (_, terminal) => print(USAGE, terminal),
  version: (_, terminal) => print(`${ownVersion()}\n`, terminal),
}
const SHORT: Readonly<Record<string, string>> = {
  '--help': 'help',
  '-h': 'help',
  '--version': 'version',
  '-v': 'version',
}

/** Runs a command line, the command first. → the exit code */
export async function run(
  [command = 'help', ...args]: readonly string[],
  streams: Streams,
  signals: Signals,
): Promise<number> {
  const name = Object.hasOwn(SHORT, command) ? (SHORT[command] ?? command) : command
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined
  if (!verb) {
    streams.stderr.write(`corridor: no such verb "${command}"; ${suggestion(command, Object.keys(VERBS))}\n`)
    return 1
  }
  // The benchmark has its own help.
  const isHelp = name !== 'bench' && args.some((arg) => arg === '--help' || arg === '-h')
  return isHelp ? print(USAGE, streams) : verb(args, streams, signals)
}

function print(text: string, { stdout }: Terminal): number {
  stdout.write(text)
  return 0
}
