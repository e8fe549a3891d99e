/**
 * `npm run test:foreign`: installs the foreign clients where this is Debian and may be done, runs the tests of each, and
 * prints which ran. It fails if one fails; what is missing is named, and with CI=true a failure too. `-- --write` puts the
 * tables into `docs/CLIENTS.md`; anything else goes to vitest (`-- -t gorilla`).
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { absentPackages, install, mayInstall } from '../support/apt.ts'
import { CLIENTS, OTHERS } from './clients.ts'
import { PIP } from './foreign-client.ts'
import type { Row } from './results.ts'
import { tableOf, withTables } from './tables.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs')
const PAGE = join(ROOT, 'docs/CLIENTS.md')
const WRITE = '--write'

const args = process.argv.slice(2)
const all = [...CLIENTS, ...OTHERS]
const absent = mayInstall() ? absentPackages(all.flatMap(({ packages }) => packages)) : []
if (absent.length > 0) install(absent)
for (const name of new Set(all.flatMap(({ pip = [] }) => pip))) if (!existsSync(join(PIP, name))) pip(name)

const { status, rows } = tests(args.filter((arg) => arg !== WRITE))
process.stdout.write(`\n${tableOf(rows)}\n`)
const missing = rows.filter((row) => row.missing)
process.stdout.write(`foreign clients: ${rows.length - missing.length} ran, ${missing.length} missing\n`)
for (const row of missing) process.stdout.write(`missing: ${row.client}: ${row.missing}\n`)
if (args.includes(WRITE)) writeFileSync(PAGE, withTables(readFileSync(PAGE, 'utf8'), rows))
process.exitCode = status

/** Into a folder of its own, with a version that Debian does not have. */
function pip(name: string): void {
  const { status, stderr } = spawnSync(
    'python3',
    ['-m', 'pip', 'install', '-q', '--retries', '1', '--target', join(PIP, name), name],
    {
      encoding: 'utf8',
    },
  )
  if (status === 0) return
  rmSync(join(PIP, name), { recursive: true, force: true })
  process.stderr.write(`pip failed: ${stderr?.trim().split('\n').at(-1)}\n`)
}

function tests(args: readonly string[]): { status: number; rows: Row[] } {
  const folder = mkdtempSync(join(tmpdir(), 'corridor-foreign-'))
  const file = join(folder, 'rows.jsonl')
  writeFileSync(file, '')
  const command = [VITEST, 'run', '--project', 'foreign', ...args]
  const env = { ...process.env, FOREIGN: file }
  const { status } = spawnSync(process.execPath, command, { cwd: ROOT, env, stdio: 'inherit' })
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  rmSync(folder, { recursive: true })
  return { status: status ?? 1, rows: lines.map((line) => JSON.parse(line)) }
}
