/**
 * The step before the tests of `npm test`: installs the programs they need (`components.ts`), where this is Debian and
 * may be done, and says what is missing where not. Running one test file by hand installs nothing.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { COMPONENTS, type Component, commandOf, isStrict, missing } from './components.ts'

const APT = '/usr/bin/apt-get'
/** Asked before a package starts a service; 101: it may not. A test starts its own servers, on its own ports. */
const POLICY = '/usr/sbin/policy-rc.d'

const names = Object.keys(COMPONENTS) as Component[]
const wanted = names.filter((name) => !commandOf(name) || (name === 'chromium' && !hasChineseFont()))
if (wanted.length > 0 && mayInstall())
  withoutServices(() => install(wanted.flatMap((name) => COMPONENTS[name].packages)))

const absent = names.filter((name) => !commandOf(name))
for (const name of absent) process.stderr.write(`${missing(name)}: the tests that need it are skipped\n`)
if (absent.length > 0 && isStrict()) process.exitCode = 1

function mayInstall(): boolean {
  return existsSync(APT) && process.getuid?.() === 0
}

function install(packages: string[]): void {
  process.stdout.write(`installing ${packages.join(' ')} for the tests\n`)
  const apt = (...args: string[]) =>
    spawnSync(APT, ['-q', '-o', 'DPkg::Lock::Timeout=300', ...args], {
      encoding: 'utf8',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  const steps = [() => apt('update'), () => apt('install', '-y', '--no-install-recommends', ...packages)]
  for (const step of steps) {
    const { status, stderr } = step()
    if (status !== 0) process.stderr.write(`apt-get failed: ${stderr.trim().split('\n').at(-1)}\n`)
  }
}

function withoutServices(install: () => void): void {
  const isOurs = !existsSync(POLICY)
  if (isOurs) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    install()
  } finally {
    if (isOurs) rmSync(POLICY)
  }
}

/** Pages in Chinese are looked at too. Without fontconfig this is unknown, so the font counts as missing. */
function hasChineseFont(): boolean {
  return Boolean(spawnSync('fc-list', [':lang=zh'], { encoding: 'utf8' }).stdout?.trim())
}
