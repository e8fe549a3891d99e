#!/usr/bin/env node
/**
 * The command line: `corridor start | check | new-room | token | bench`. The only file that reads `argv`, hears signals and exits.
 */
import { bench } from './cli/bench.ts'
import { check } from './cli/check.ts'
import { newRoom } from './cli/new-room.ts'
import { start } from './cli/start.ts'
import { token } from './cli/token.ts'

const USAGE = `corridor start        start the server (--dev: read the rooms again when they change)
corridor check        check environment, rooms.json and modules
corridor new-room N   write the room module N, its test, and its line in rooms.json
corridor token PATH   make a token for a room with auth.secret, for development (--sub, --name, --for, --claim)
corridor bench        measure this server beside its peers (--help: how)
`

const [verb, ...args] = process.argv.slice(2)

switch (verb) {
  case 'start':
    process.exit(await start(args, process, process))
    break
  case 'bench':
    process.exitCode = await bench(args, process)
    break
  case 'check':
    process.exitCode = await check(args, process)
    break
  case 'token':
    process.exitCode = await token(args, process)
    break
  case 'new-room':
    process.exitCode = await newRoom(args, process)
    break
  default:
    process.stdout.write(USAGE)
    process.exitCode = verb === undefined || verb === '--help' || verb === 'help' ? 0 : 1
}
