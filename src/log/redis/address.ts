/**
 * What `REDIS_URL` says: one Redis, the Sentinels that know it, or a Cluster. `environment.ts` checks it with this, and
 * `connection.ts` connects to it.
 */

/** Where one Redis or Sentinel listens. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

/** Files for TLS, in PEM. */
export interface TlsFiles {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

interface Access {
  readonly username: string | undefined
  readonly password: string | undefined
  readonly db: number
  /** `undefined`: without TLS. */
  readonly tls: TlsFiles | undefined
  /** 4 or 6: only addresses of that kind; 0: any. */
  readonly family: number
}

export type RedisAddress = Access &
  (
    | { readonly kind: 'single'; readonly at: HostPort | { readonly path: string } }
    | {
        readonly kind: 'sentinel'
        readonly at: readonly HostPort[]
        /** What the Sentinels call the master. */
        readonly master: string
        readonly sentinelUsername: string | undefined
        readonly sentinelPassword: string | undefined
      }
    | { readonly kind: 'cluster'; readonly at: readonly HostPort[] }
  )

const PARTS = /^(redis|rediss)(?:\+(sentinel|cluster))?:\/\/(?:(.*)@)?([^/?#]+)(\/[^?#]*)?(?:\?([^#]*))?$/
const FILES = ['ca', 'cert', 'key'] as const
const SENTINEL = ['sentinelUsername', 'sentinelPassword'] as const
const PORT = { redis: 6379, sentinel: 26379 }

/** Throws an `Error` that says what is wrong, without a password. */
export function parseAddress(url: string): RedisAddress {
  if (url.startsWith('/')) return parseSocket(url)
  const [, scheme, kind = 'single', user, hosts = '', path = '', query = ''] = PARTS.exec(url) ?? []
  if (scheme === undefined)
    throw new Error(
      'expected a URL such as "redis://host:6379/0", "rediss://…" for TLS, "redis+sentinel://host:26379/master" or "redis+cluster://host:6379"',
    )
  const given = parameters(query, scheme === 'rediss', kind === 'sentinel')
  const port = kind === 'sentinel' ? PORT.sentinel : PORT.redis
  const at = hosts.split(',').map((host) => parseHost(host, port))
  const access = { ...credentials(user), tls: scheme === 'rediss' ? given : undefined, family: family(given.family) }
  const [first, ...more] = path.split('/').slice(1).map(decode)
  if (kind === 'sentinel') {
    if (!first) throw new Error('expected the name of the master after the Sentinels, such as ".../mymaster"')
    const { sentinelUsername, sentinelPassword } = given
    return { kind, at, master: first, sentinelUsername, sentinelPassword, ...access, db: database(more) }
  }
  const db = database(path === '' ? [] : [first ?? '', ...more])
  if (kind === 'cluster') {
    if (db !== 0) throw new Error('expected no database number: a Redis Cluster has only database 0')
    return { kind, at, ...access, db }
  }
  const [only, ...others] = at
  if (only === undefined || others.length > 0)
    throw new Error('expected one host; several are written redis+sentinel:// or redis+cluster://')
  return { kind: 'single', at: only, ...access, db }
}

/** The address for a log or a message, without a password. */
export function showAddress(address: RedisAddress): string {
  const { kind, at, tls, db } = address
  if ('path' in at) return at.path
  const scheme = `${tls ? 'rediss' : 'redis'}${kind === 'single' ? '' : `+${kind}`}`
  const hosts = [at].flat().map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`)
  const path = [...(kind === 'sentinel' ? [address.master] : []), ...(db === 0 ? [] : [String(db)])]
  return [`${scheme}://${hosts.join(',')}`, ...path].join('/')
}

function parseSocket(url: string): RedisAddress {
  const [path = '', query = ''] = url.split('?')
  const given = new URLSearchParams(query)
  for (const name of given.keys())
    if (name !== 'db') throw new Error(`expected no parameter but "db" after a socket's path, got "${name}"`)
  const db = database(given.has('db') ? [given.get('db') ?? ''] : [])
  return { kind: 'single', at: { path }, username: undefined, password: undefined, tls: undefined, family: 0, db }
}

type Parameters = Partial<Record<(typeof FILES)[number] | (typeof SENTINEL)[number] | 'family', string>>

function parameters(query: string, isTls: boolean, isSentinel: boolean): Parameters {
  const known: readonly string[] = ['family', ...(isTls ? FILES : []), ...(isSentinel ? SENTINEL : [])]
  const given = [...new URLSearchParams(query)]
  for (const [name] of given)
    if (!known.includes(name)) throw new Error(`expected no parameters but ${known.join(', ')}, got "${name}"`)
  return Object.fromEntries(given)
}

function credentials(user: string | undefined): Pick<Access, 'username' | 'password'> {
  if (user === undefined) return { username: undefined, password: undefined }
  const end = user.indexOf(':')
  if (end < 0) return { username: decode(user) || undefined, password: undefined }
  return { username: decode(user.slice(0, end)) || undefined, password: decode(user.slice(end + 1)) || undefined }
}

function parseHost(text: string, port: number): HostPort {
  const [, six, four, given] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]@\s]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = six ?? four
  const at = given === undefined ? port : Number(given)
  if (host === undefined || at < 1 || at > 65_535) throw new Error(`expected a host and a port from 1 to 65535`)
  return { host: decode(host), port: at }
}

function database(path: readonly string[]): number {
  const [text = '', ...more] = path
  if (more.length > 0 || !/^\d{0,6}$/.test(text)) throw new Error(`expected a database number such as "/0"`)
  return Number(text)
}

function family(text = '0'): number {
  if (!['0', '4', '6'].includes(text)) throw new Error('expected "family" to be 4 or 6')
  return Number(text)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Error('expected characters such as "%", "@" and "/" in a name or password to be percent-encoded')
  }
}
