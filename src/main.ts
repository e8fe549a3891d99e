#!/usr/bin/env node
/**
 * Where the command line begins: the only file that reads `argv`, hears signals and exits. It imports nothing before it
 * knows that this Node can run the rest, and is itself written so that an old one can read it.
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
      // What the code of rooms left running keeps no server alive.
      if (args[0] === 'start' || args[0] === 'dev') process.exit(code)
      process.exitCode = code
    })
}
