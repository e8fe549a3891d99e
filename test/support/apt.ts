/** Installs Debian packages for the tests, where this is Debian and may be done. What fails is printed, not thrown. */
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'

const APT = '/usr/bin/apt-get'
/** Asked before a package starts a service; 101: it may not. A test starts its own servers, on its own ports. */
const POLICY = '/usr/sbin/policy-rc.d'

export function mayInstall(): boolean {
  return existsSync(APT) && process.getuid?.() === 0
}

/** Those that are not installed. */
export function absentPackages(packages: readonly string[]): string[] {
  const isThere = (name: string) =>
    /^Status: .* installed$/m.test(spawnSync('dpkg', ['-s', name], { encoding: 'utf8' }).stdout ?? '')
  return [...new Set(packages)].filter((name) => !isThere(name))
}

/** Packages that this Debian does not have are left out, and named. */
export function install(packages: readonly string[]): void {
  process.stdout.write(`installing ${packages.join(' ')} for the tests\n`)
  withoutServices(() => {
    if (!apt('update')) return
    const known = packages.filter((name) => spawnSync('apt-cache', ['show', name]).status === 0)
    for (const name of packages) if (!known.includes(name)) process.stderr.write(`this Debian has no ${name}\n`)
    if (known.length > 0) apt('install', '-y', '--no-install-recommends', ...known)
  })
}

function apt(...args: string[]): boolean {
  const { status, stderr } = spawnSync(APT, ['-q', '-o', 'DPkg::Lock::Timeout=300', ...args], {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  if (status !== 0) process.stderr.write(`apt-get failed: ${stderr.trim().split('\n').at(-1)}\n`)
  return status === 0
}

function withoutServices(act: () => void): void {
  const isOurs = !existsSync(POLICY)
  if (isOurs) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    act()
  } finally {
    if (isOurs) rmSync(POLICY)
  }
}
