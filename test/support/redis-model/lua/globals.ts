/** The names of the globals that a script may read, known before it runs. */
import { library } from './library.ts'

/** The parts of `redis`. */
export const REDIS = [
  ...(['call', 'pcall', 'error_reply', 'status_reply', 'sha1hex', 'log', 'replicate_commands'] as const),
  ...(['set_repl', 'setresp', 'LOG_DEBUG', 'LOG_VERBOSE', 'LOG_NOTICE', 'LOG_WARNING'] as const),
] as const

/** By path: `tonumber`, `string.sub`, `redis.call`. */
export const KNOWN: ReadonlySet<string> = new Set([
  ...library().keys(),
  'redis',
  ...REDIS.map((name) => `redis.${name}`),
])

/** What Redis has and the model does not: no script of the log needs it. */
export const MISSING: ReadonlySet<string> = new Set([
  ...['bit', 'cjson', 'cmsgpack', 'coroutine', 'collectgarbage', 'getmetatable', 'load', 'loadstring', 'os'],
  ...['rawequal', 'rawget', 'rawset', 'setmetatable', 'struct.pack', 'struct.size', 'xpcall'],
])
