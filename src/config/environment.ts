/**
 * Reads and checks the process's settings from the environment; the only file that may use `process.env`. All mistakes
 * are reported together, one line for each variable. `cli/start.ts` passes the result to `server.ts`.
 */
import { existsSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { parseAddress } from '../log/redis/address.ts'
import { ConfigError, nearest, show } from '../mistakes.ts'
import { errorOf } from '../thrown.ts'
import { isHostName, isListenHost, isProxy, listOf, RANGES, wholeNumber } from './environment-values.ts'
import { readTls } from './tls-files.ts'

/** The process's settings. Times are in ms. */
export interface Environment {
  readonly host: string
  readonly port: number
  /** `''` or `/sub`, without a slash at the end. */
  readonly basePath: string
  /** Absolute path of `rooms.json`. */
  readonly rooms: string
  /** Absolute path of the folder of own files; `undefined`: there is none. */
  readonly publicFolder: string | undefined
  /** Absolute path of a folder, or `:memory:`. */
  readonly dataDir: string
  /** If set, the log is there and not in `dataDir`. */
  readonly redisUrl: string | undefined
  /** Where other nodes reach this one; `undefined`: the address with which it reaches Redis. Only with `redisUrl`. */
  readonly linkHost: string | undefined
  /** 0: any free port. */
  readonly linkPort: number
  /** Addresses, CIDRs, and the range names of `proxy-addr`. */
  readonly trustProxy: string[]
  /** Host names, `*.example.org` for all under one, `*` for any; `undefined`: the default of `gate/host.ts`. */
  readonly allowedHosts: string[] | undefined
  /** PEM contents. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined
  readonly logLevel: string
  readonly drainMs: number
  /** The first part of `drainMs`, in which only the load balancer gets notice and no peer is closed. */
  readonly drainNoticeMs: number
  readonly metricsToken: string | undefined
  /** If set, the operator's paths are there. */
  readonly adminToken: string | undefined
  /** How long an idle connection stays open for the next request. */
  readonly keepAliveMs: number
}

const DATA_DIR = 'data'
/** The server's own files for browsers. */
const OURS = fileURLToPath(new URL('../../public', import.meta.url))
const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
/** Variables whose value must not reach a log. */
const SECRET = ['METRICS_TOKEN', 'ADMIN_TOKEN']
/** Variables that are lists: a message shows only the wrong entry. */
const LISTS = ['ALLOWED_HOSTS', 'TRUST_PROXY']

const HOST = 'expected an address or a host name such as "127.0.0.1", "::" or "localhost"'
const BASE_PATH = 'expected a path such as "/sub", without "..", "//", "?" or "#"'
const PROXIES = `expected addresses, CIDRs, or the names ${RANGES.join(', ')}, with commas between them`
const NAMES = 'expected host names such as "rooms.example.org" or "*.example.org", or "*", with commas between them'

const schema = z.object({
  HOST: z.string().refine(isListenHost, HOST).default('127.0.0.1'),
  PORT: wholeNumber(65535, 3000),
  BASE_PATH: z
    .string()
    .regex(/^\/(?:[A-Za-z0-9._~!$+,=@-]+(?:\/[A-Za-z0-9._~!$+,=@-]+)*\/?)?$/, BASE_PATH)
    .refine((path) => !path.split('/').some((segment) => segment === '.' || segment === '..'), BASE_PATH)
    .transform((path) => path.replace(/\/$/, ''))
    .default(''),
  DATA_DIR: z.string().default(DATA_DIR),
  REDIS_URL: z.string().superRefine(mustBeAddress).optional(),
  LINK_HOST: z.string().refine(isListenHost, HOST).optional(),
  LINK_PORT: wholeNumber(65535, 0),
  TRUST_PROXY: listOf(isProxy, PROXIES).default([]),
  ALLOWED_HOSTS: listOf(isHostName, NAMES)
    .transform((names) => names.map((name) => name.toLowerCase()))
    .optional(),
  TLS_CERT: z.string().optional(),
  TLS_KEY: z.string().optional(),
  LOG_LEVEL: z.enum(LEVELS, `expected one of ${LEVELS.join(', ')}`).default('info'),
  DRAIN_MS: wholeNumber(600_000, 10_000),
  DRAIN_NOTICE_MS: wholeNumber(300_000, 0),
  // At least 1000: for Node, 0 means no limit.
  KEEP_ALIVE_MS: wholeNumber(3_600_000, 72_000, 1000),
  METRICS_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'expected a token without spaces')
    .optional(),
  ADMIN_TOKEN: z
    .string()
    .regex(
      /^[\x21-\x7e]{32,}$/,
      'expected a token of 32 or more visible ASCII characters, such as `openssl rand -hex 32` prints',
    )
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
  const rooms = roomsFile(env, cwd)
  const publicFolder = publicFolderOf(rooms, env, cwd)
  const served = [OURS, ...(publicFolder === undefined ? [] : [publicFolder])]
  if (served.some((folder) => isWithin(dataDir, folder)))
    mistakes.push(`DATA_DIR: expected a folder outside of public/, whose files everyone may read, got ${show(dataDir)}`)
  if (given.PUBLIC !== undefined && publicFolder !== undefined) mistakes.push(...publicMistakes(publicFolder, rooms))
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
    rooms,
    publicFolder,
    dataDir,
    redisUrl: values.REDIS_URL,
    linkHost: values.LINK_HOST,
    linkPort: values.LINK_PORT,
    trustProxy: values.TRUST_PROXY,
    allowedHosts: values.ALLOWED_HOSTS,
    tls,
    logLevel: values.LOG_LEVEL,
    drainMs: values.DRAIN_MS,
    drainNoticeMs: values.DRAIN_NOTICE_MS,
    metricsToken: values.METRICS_TOKEN,
    adminToken: values.ADMIN_TOKEN,
    keepAliveMs: values.KEEP_ALIVE_MS,
  }
}

/** The variables that `rooms.json` may reference. */
export function variablesOf(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Readonly<Record<string, string | undefined>> {
  return env
}

/**
 * The absolute path of `rooms.json`, for verbs that need nothing else of the environment, or work even if it is wrong.
 */
export function roomsFile(
  env: Readonly<Record<string, string | undefined>> = process.env,
  cwd: string = process.cwd(),
): string {
  return resolve(cwd, env.ROOMS || 'rooms/rooms.json')
}

function mustBeAddress(url: string, context: z.RefinementCtx): void {
  try {
    parseAddress(url)
  } catch (error) {
    context.addIssue({ code: 'custom', message: errorOf(error).message })
  }
}

function mayBeFolder(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found ? found.isDirectory() : dirname(path) === path || mayBeFolder(dirname(path))
}

/**
 * The absolute path of the folder of own files: `PUBLIC`, or `public` beside the folder of `rooms.json` if it is there.
 * `undefined`: there is none, or it is the server's own.
 */
export function publicFolderOf(
  rooms: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
  cwd: string = process.cwd(),
): string | undefined {
  const folder = env.PUBLIC ? resolve(cwd, env.PUBLIC) : join(dirname(dirname(resolve(cwd, rooms))), 'public')
  if (real(folder) === real(OURS)) return undefined
  return env.PUBLIC || statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? folder : undefined
}

/** What is wrong with `PUBLIC`. */
function publicMistakes(folder: string, rooms: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    return [`PUBLIC: expected a folder that is there, got ${show(folder)}`]
  if (!isWithin(dirname(rooms), folder)) return []
  return [`PUBLIC: expected a folder without ${show(rooms)}, since everyone may read its files, got ${show(folder)}`]
}

/** Whether a path, which need not exist yet, is a folder or inside of it, also through links. */
function isWithin(path: string, folder: string): boolean {
  return path !== ':memory:' && `${real(path)}${sep}`.startsWith(real(folder).replace(/[/\\]*$/, sep))
}

function real(path: string): string {
  if (existsSync(path)) return realpathSync(path)
  return dirname(path) === path ? path : join(real(dirname(path)), basename(path))
}

/** A value for a message, without secrets and passwords in URLs. */
function shown(variable: string, value: unknown): string {
  if (SECRET.includes(variable)) return 'something else'
  // A password may stand anywhere in it.
  if (variable === 'REDIS_URL') return show(String(value).replace(/^(\w[\w+]*:\/\/)?.*$/s, '$1…'))
  const text = show(typeof value === 'string' ? value.replace(/^.*@/, '…@') : value)
  const near = variable === 'LOG_LEVEL' && typeof value === 'string' ? nearest(value, LEVELS) : undefined
  return near ? `${text}; did you mean "${near}"?` : text
}
