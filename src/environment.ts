/**
 * Reads the process's settings from the environment, checked; the only file that may touch `process.env`.
 * What is wrong is told at once, one line per variable. `main.ts` hands the result to `server.ts`.
 */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { isIPv4, isIPv6 } from 'node:net'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { createSecureContext } from 'node:tls'
import { fileURLToPath } from 'node:url'
import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import { ConfigError, nearest, show } from './mistakes.ts'

/** The process's settings; `environment.ts` reads them. */
export interface Environment {
  readonly host: string
  readonly port: number
  /** `''` or `/sub`, without a slash at the end. */
  readonly basePath: string
  /** Absolute path of `rooms.json`. */
  readonly rooms: string
  /** Absolute path of a folder, or `:memory:`. */
  readonly dataDir: string
  readonly redisUrl: string | undefined
  /** Addresses, CIDRs, and the range names of `proxy-addr`. */
  readonly trustProxy: string[]
  /** Host names, `*.example.org` for all under one, `*` for any; `undefined`: `guards/host.ts` says. */
  readonly allowedHosts: string[] | undefined
  /** PEM contents. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined
  readonly logLevel: string
  readonly drainMs: number
  /** The first part of it, in which a load balancer is told and nobody is asked to go. */
  readonly drainNoticeMs: number
  readonly metricsToken: string | undefined
  /** How long an idle connection stays open for the next request. */
  readonly keepAliveMs: number
}

const DATA_DIR = 'data'
const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
/** The names that `proxy-addr` knows for ranges of private addresses. */
const RANGES = ['loopback', 'linklocal', 'uniquelocal']
/** Variables whose value must not reach a log. */
const SECRET = ['METRICS_TOKEN']
/** Variables of which a message shows the one entry that is wrong. */
const LISTS = ['ALLOWED_HOSTS', 'TRUST_PROXY']

const wholeNumber = (max: number, fallback: number, min = 0) => {
  const expected = `expected a whole number from ${min} to ${max}`
  return z
    .string()
    .regex(/^\d{1,9}$/, expected)
    .transform(Number)
    .refine((number) => number >= min && number <= max, expected)
    .default(fallback)
}
const listOf = (isEntry: (entry: string) => boolean, message: string) =>
  z
    .string()
    .transform((list) => list.split(/[\s,]+/).filter(Boolean))
    .superRefine((list, context) => {
      if (list.length === 0) context.addIssue({ code: 'custom', message, input: undefined })
      for (const entry of list.filter((entry) => !isEntry(entry))) {
        context.addIssue({ code: 'custom', message, input: entry })
      }
    })
const BASE_PATH = 'expected a path such as "/sub", without "..", "//", "?" or "#"'
const PROXIES = `expected addresses, CIDRs, or the names ${RANGES.join(', ')}, with commas between them`
const NAMES = 'expected host names such as "rooms.example.org" or "*.example.org", or "*", with commas between them'
const REDIS_URL = 'expected a URL that begins with redis:// or rediss://'

const schema = z.object({
  HOST: z
    .string()
    .refine(isListenHost, 'expected an address or a host name such as "127.0.0.1", "::" or "localhost"')
    .default('127.0.0.1'),
  PORT: wholeNumber(65535, 3000),
  BASE_PATH: z
    .string()
    .regex(/^\/(?:[A-Za-z0-9._~!$+,=@-]+(?:\/[A-Za-z0-9._~!$+,=@-]+)*\/?)?$/, BASE_PATH)
    .refine((path) => !path.split('/').some((segment) => segment === '.' || segment === '..'), BASE_PATH)
    .transform((path) => path.replace(/\/$/, ''))
    .default(''),
  DATA_DIR: z.string().default(DATA_DIR),
  REDIS_URL: z
    .string()
    .refine((url) => /^rediss?:\/\/[^/]/.test(url) && URL.canParse(url), REDIS_URL)
    .optional(),
  TRUST_PROXY: listOf(isProxy, PROXIES).default([]),
  ALLOWED_HOSTS: listOf(isHostName, NAMES)
    .transform((names) => names.map((name) => name.toLowerCase()))
    .optional(),
  TLS_CERT: z.string().optional(),
  TLS_KEY: z.string().optional(),
  LOG_LEVEL: z.enum(LEVELS, `expected one of ${LEVELS.join(', ')}`).default('info'),
  DRAIN_MS: wholeNumber(600_000, 10_000),
  DRAIN_NOTICE_MS: wholeNumber(300_000, 0),
  // Node takes 0 for "as long as it likes".
  KEEP_ALIVE_MS: wholeNumber(3_600_000, 72_000, 1000),
  METRICS_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'expected a token without spaces')
    .optional(),
})

/**
 * The settings in `env`, relative paths taken from `cwd`. A variable that is empty counts as not set.
 * Throws a `ConfigError` with every mistake: the variable, what was expected, what came.
 */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
  cwd: string = process.cwd(),
): Environment {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = schema.safeParse(given, { reportInput: true })
  const mistakes = (parsed.error?.issues ?? []).map((issue) => {
    const variable = issue.path.map(String).join('.')
    return `${variable}: ${issue.message}, got ${shown(variable, LISTS.includes(variable) ? issue.input : given[variable])}`
  })
  const tls = readTls(given.TLS_CERT, given.TLS_KEY, cwd, mistakes)
  const dataDir = given.DATA_DIR === ':memory:' ? ':memory:' : resolve(cwd, given.DATA_DIR ?? DATA_DIR)
  if (isServed(dataDir))
    mistakes.push(`DATA_DIR: expected a folder outside of public/, whose files everyone may read, got ${show(dataDir)}`)
  if (dataDir !== ':memory:' && !mayBeFolder(dataDir))
    mistakes.push(
      `DATA_DIR: expected a folder that is there or can be made, got ${show(dataDir)}, which is or lies in a file`,
    )
  const { DRAIN_MS = 0, DRAIN_NOTICE_MS = 0 } = parsed.data ?? {}
  if (DRAIN_NOTICE_MS * 2 > DRAIN_MS)
    mistakes.push(`DRAIN_NOTICE_MS: expected at most half of DRAIN_MS (${DRAIN_MS}), got ${show(DRAIN_NOTICE_MS)}`)
  if (!parsed.success || mistakes.length > 0) throw new ConfigError(mistakes)
  const values = parsed.data
  return {
    host: values.HOST,
    port: values.PORT,
    basePath: values.BASE_PATH,
    rooms: roomsFile(env, cwd),
    dataDir,
    redisUrl: values.REDIS_URL,
    trustProxy: values.TRUST_PROXY,
    allowedHosts: values.ALLOWED_HOSTS,
    tls,
    logLevel: values.LOG_LEVEL,
    drainMs: values.DRAIN_MS,
    drainNoticeMs: values.DRAIN_NOTICE_MS,
    metricsToken: values.METRICS_TOKEN,
    keepAliveMs: values.KEEP_ALIVE_MS,
  }
}

/** Servers that were told to share their rooms and do not would be split without a word. */
export function mustBeAlone({ redisUrl }: Environment): void {
  if (redisUrl === undefined) return
  throw new ConfigError(['REDIS_URL: this version runs as one node alone; leave it unset'])
}

/** The variables that `rooms.json` may name in its texts. */
export function variablesOf(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Readonly<Record<string, string | undefined>> {
  return env
}

/** The absolute path of `rooms.json`: for verbs that need no more of the environment, or can go on where it is wrong. */
export function roomsFile(
  env: Readonly<Record<string, string | undefined>> = process.env,
  cwd: string = process.cwd(),
): string {
  return resolve(cwd, env.ROOMS || 'rooms/rooms.json')
}

function readTls(
  cert: string | undefined,
  key: string | undefined,
  cwd: string,
  mistakes: string[],
): Environment['tls'] {
  if (cert === undefined && key === undefined) return undefined
  if (cert === undefined || key === undefined) {
    const [missing, given] = cert === undefined ? ['TLS_CERT', 'TLS_KEY'] : ['TLS_KEY', 'TLS_CERT']
    mistakes.push(`${missing}: expected the path of a PEM file beside ${given}, got nothing; set both or neither`)
    return undefined
  }
  const read = (variable: string, path: string) => {
    try {
      return readFileSync(resolve(cwd, path), 'utf8')
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? error.code : error
      mistakes.push(`${variable}: expected the path of a PEM file that can be read, got ${show(path)} (${reason})`)
      return undefined
    }
  }
  const tls = { cert: read('TLS_CERT', cert), key: read('TLS_KEY', key) }
  if (tls.cert === undefined || tls.key === undefined) return undefined
  try {
    createSecureContext(tls)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    mistakes.push(
      `TLS_CERT, TLS_KEY: expected a certificate and its private key, both PEM, got files that do not do: ${reason}`,
    )
  }
  return { cert: tls.cert, key: tls.key }
}

function mayBeFolder(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found ? found.isDirectory() : dirname(path) === path || mayBeFolder(dirname(path))
}

/** Whether a folder, which need not be there yet, lies in `public/`, whatever leads to it. */
function isServed(folder: string): boolean {
  const real = (path: string): string => {
    if (existsSync(path)) return realpathSync(path)
    return dirname(path) === path ? path : join(real(dirname(path)), basename(path))
  }
  return `${real(folder)}${sep}`.startsWith(`${real(fileURLToPath(new URL('../public', import.meta.url)))}${sep}`)
}

/** Without a port, and no address that is none: "1.2.3", "300.1.1.1". */
function isListenHost(host: string): boolean {
  if (host.includes(':')) return isIPv6(host)
  if (/^[\d.]+$/.test(host)) return isIPv4(host)
  return /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?$/i.test(host)
}

function isProxy(entry: string): boolean {
  if (RANGES.includes(entry)) return true
  const [address = '', bits, ...more] = entry.split('/')
  const known = ipaddr.IPv4.isValidFourPartDecimal(address) || (ipaddr.IPv6.isValid(address) && !address.includes('%'))
  if (!known || more.length > 0) return false
  const most = address.includes(':') ? 128 : 32
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= most)
}

function isHostName(entry: string): boolean {
  return entry === '*' || /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i.test(entry)
}

/** A value for a message: a secret and a password in a URL stay unsaid. */
function shown(variable: string, value: unknown): string {
  if (SECRET.includes(variable)) return 'something else'
  const text = show(typeof value === 'string' ? value.replace(/^.*@/, '…@') : value)
  const near = variable === 'LOG_LEVEL' && typeof value === 'string' ? nearest(value, LEVELS) : undefined
  return near ? `${text}; did you mean "${near}"?` : text
}
