#!/usr/bin/env node
/**
 * Entry point of the command line: the only file that reads `argv`, gets signals and exits. It imports nothing until it
 * knows that this Node can run the rest, and uses only syntax that an old Node can parse.
 */
const OLDEST = 24

if (Number(process.versions.node.split('.')[0]) < OLDEST) {
  process.stderr.write(`corridor: expected Node ${OLDEST} or newer, got ${process.version}; see https://nodejs.org\n`)
  process.exitCode = 1
} else {
  const args = process.argv.slice(2)
  void import('./cli/command-line.ts')
    .then(({ run }) => run(args, process, process))
    .then((code) => {
      // Timers and handles that room code left must not keep the process alive.
      if (args[0] === 'start' || args[0] === 'dev') process.exit(code)
      process.exitCode = code
    })
}
