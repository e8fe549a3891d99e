/**
 * The step before the tests of `npm test`: installs the programs they need (`components.ts`), where this is Debian and
 * may be done, and says what is missing where not. Running one test file by hand installs nothing.
 */
import { spawnSync } from 'node:child_process'
import { install, mayInstall } from './apt.ts'
import { COMPONENTS, type Component, commandOf, isStrict, missing } from './components.ts'

const names = Object.keys(COMPONENTS) as Component[]
const wanted = names.filter((name) => !commandOf(name) || (name === 'chromium' && !hasChineseFont()))
if (wanted.length > 0 && mayInstall()) install(wanted.flatMap((name) => COMPONENTS[name].packages))

const absent = names.filter((name) => !commandOf(name))
for (const name of absent) process.stderr.write(`${missing(name)}: the tests that need it are skipped\n`)
if (absent.length > 0 && isStrict()) process.exitCode = 1

/** Pages in Chinese are looked at too. Without fontconfig this is unknown, so the font counts as missing. */
function hasChineseFont(): boolean {
  return Boolean(spawnSync('fc-list', [':lang=zh'], { encoding: 'utf8' }).stdout?.trim())
}
