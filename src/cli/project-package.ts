/**
 * The `package.json` of a project that `corridor init` makes or completes: scripts, and the packages that a room needs, in
 * the versions that this package is built with.
 */
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isObject } from '../config/json-text.ts'
import { ConfigError } from '../mistakes.ts'
import { errorOf } from '../thrown.ts'

const OWN = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '')
/** With `exec`, so that a signal which npm gets reaches the server and not a shell. */
const SCRIPTS = {
  start: 'exec corridor start',
  dev: 'exec corridor dev',
  check: 'corridor check',
  test: 'tsc && vitest run',
}
/** What `npm init` writes. */
const NO_TEST = /no test specified/

/**
 * The text of `package.json` with everything that is missing. `before`: its text, `undefined` if there is none. What is
 * there stays, but for the type: rooms are ES modules. Throws a `ConfigError` if it cannot be read.
 */
export function packageText(folder: string, before: string | undefined): string {
  const given = before === undefined ? { name: nameOf(folder), private: true } : parsed(before)
  const own = parsed(readFileSync(join(OWN, 'package.json'), 'utf8'))
  const range = (part: string, name: string) => String(objectIn(own, part)[name])
  const scripts = Object.entries(objectIn(given, 'scripts')).filter(([, script]) => !NO_TEST.test(String(script)))
  const dependencies = { corridor: ownSpec(String(own.version)), zod: range('dependencies', 'zod') }
  const tools = ['@types/node', 'typescript', 'vitest']
  const devDependencies = Object.fromEntries(tools.map((name) => [name, range('devDependencies', name)]))
  const text = {
    ...given,
    type: 'module',
    engines: { ...objectIn(own, 'engines'), ...objectIn(given, 'engines') },
    scripts: { ...SCRIPTS, ...Object.fromEntries(scripts) },
    dependencies: { ...dependencies, ...objectIn(given, 'dependencies') },
    devDependencies: { ...devDependencies, ...objectIn(given, 'devDependencies') },
  }
  return `${JSON.stringify(text, null, 2)}\n`
}

/**
 * Where npm finds this very package again: in its registry, or in the archive that it was installed from. If npm has not
 * noted that (a global installation, a checkout), in its folder on this machine.
 */
function ownSpec(version: string): string {
  const modules = dirname(OWN)
  const lock = join(modules, '.package-lock.json')
  const resolved = existsSync(lock) ? resolvedIn(readFileSync(lock, 'utf8')) : ''
  if (resolved.startsWith('file:')) return `file:${resolve(dirname(modules), resolved.slice('file:'.length))}`
  if (resolved.startsWith('http')) return `^${version}`
  return resolved || `file:${OWN}`
}

function resolvedIn(lock: string): string {
  const own = objectIn(objectIn(parsed(lock), 'packages'), 'node_modules/corridor')
  return typeof own.resolved === 'string' ? own.resolved : ''
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    if (isObject(value)) return value
    throw new Error('expected an object {…}')
  } catch (error) {
    throw new ConfigError([`package.json: ${errorOf(error).message}`])
  }
}

function objectIn(object: Record<string, unknown>, key: string): Record<string, unknown> {
  const value = object[key]
  return isObject(value) ? value : {}
}

/** A name that npm accepts. */
function nameOf(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[._-]+|-+$/g, '')
  return name === '' || name === 'corridor' ? 'my-rooms' : name
}
