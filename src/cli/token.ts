/**
 * `npm run token /chat -- --sub ann --name Ann --for 1h`: makes a token for trying out a room with `auth.secret`, as
 * its issuer would. Only the token is written to stdout, for use in scripts.
 */
import { parseArgs } from 'node:util'
import { SignJWT } from 'jose'
import { systemClock } from '../clock.ts'
import { loadConfig } from '../config/config.ts'
import { roomsFile, variablesOf } from '../config/environment.ts'
import type { Mount } from '../config/mount.ts'
import { Router } from '../gate/router.ts'
import { ConfigError } from '../mistakes.ts'
import { errorOf } from '../thrown.ts'
import { duration } from '../units.ts'
import type { CommandContext, Terminal } from './check.ts'

const USAGE = 'token: expected a path and claims: token /chat --sub ann [--name Ann] [--for 1h] [--claim role=admin]'

/** Prints a token for a room. → the exit code */
export async function token(
  args: readonly string[],
  { stdout, stderr }: Terminal,
  { env, cwd }: CommandContext = {},
): Promise<number> {
  try {
    const { path, claims, forMs } = readArguments(args)
    const { mounts } = await loadConfig(roomsFile(env, cwd), { variables: variablesOf(env) })
    const mount = new Router(mounts).find(path)?.mount
    if (!mount)
      throw new ConfigError([
        `token: no room is at ${path}; there are ${mounts.map(({ pattern }) => pattern).join(', ')}`,
      ])
    stdout.write(`${await signed(mount, claims, forMs)}\n`)
    return 0
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    stderr.write(error.mistakes.map((mistake) => `${mistake}\n`).join(''))
    return 1
  }
}

function readArguments(args: readonly string[]): { path: string; claims: Record<string, unknown>; forMs: number } {
  const { values, positionals } = parseFlags(args)
  const [path, ...more] = positionals
  if (path === undefined || more.length > 0) throw new ConfigError([USAGE])
  const lifetime = duration.safeParse(values.for)
  if (!lifetime.success || lifetime.data < 1000)
    throw new ConfigError([`token: --for: expected a duration of a second or more, such as "1h", got "${values.for}"`])
  const { sub, name } = values
  const claims = Object.fromEntries((values.claim ?? []).map(claimOf))
  return {
    path,
    claims: { ...claims, ...(sub !== undefined && { sub }), ...(name !== undefined && { name }) },
    forMs: lifetime.data,
  }
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        sub: { type: 'string' },
        name: { type: 'string' },
        for: { type: 'string', default: '1h' },
        claim: { type: 'string', multiple: true },
      },
    })
  } catch (error) {
    throw new ConfigError([`token: ${errorOf(error).message}`, USAGE])
  }
}

/** `role=admin`, or JSON after the `=`: `rooms=["/a"]`. */
function claimOf(text: string): [string, unknown] {
  const [, name, value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (name === undefined) throw new ConfigError([`token: --claim: expected name=value, got "${text}"`])
  try {
    return [name, JSON.parse(value)]
  } catch {
    return [name, value]
  }
}

async function signed({ pattern, auth }: Mount, claims: Record<string, unknown>, forMs: number): Promise<string> {
  if (!auth)
    throw new ConfigError([`token: ${pattern} has no "auth" in rooms.json, so everyone may join without a token`])
  const { secret, algorithms = ['HS256'], issuer, audience } = auth
  if (secret === undefined) {
    const kind = auth.jwksUrl === undefined ? 'publicKey' : 'jwksUrl'
    throw new ConfigError([
      `token: ${pattern} has "auth.${kind}": only its issuer, who has the private key, can make a token; for development put "auth.secret" in its place`,
    ])
  }
  const now = Math.floor(systemClock().now() / 1000)
  const token = new SignJWT({
    ...claims,
    ...(issuer !== undefined && { iss: issuer }),
    ...(audience !== undefined && { aud: audience }),
  })
  return token
    .setProtectedHeader({ alg: algorithms[0] ?? 'HS256', typ: 'JWT' })
    .setIssuedAt(now)
    .setExpirationTime(now + Math.ceil(forMs / 1000))
    .sign(new TextEncoder().encode(secret))
}
