/**
 * The one schema of `rooms.json`: what may stand in it, the defaults, and the words for each key. `config.ts` checks the
 * file with it; `rooms.schema.json`, which editors complete and check from, is generated from it
 * (`node src/main.ts check --write-schema`).
 */
import { z } from 'zod'
import { ALGORITHMS, isPublicKey, keyMistake } from './guards/algorithms.ts'
import { listedOrigin } from './listed-origin.ts'
import { bytes, duration, durationText } from './units.ts'

/** The longest a Node timer can wait: with more it fires at once. */
const TIMER_MS = 2 ** 31 - 1

const durationFrom = (minMs: number, text: string) =>
  duration.refine((ms) => ms >= minMs && ms <= TIMER_MS, `expected a duration from ${text} to 24d`)
const bytesUpTo = (maxBytes: number, text: string) =>
  bytes.refine((count) => count >= 1 && count <= maxBytes, `expected a size from 1B to ${text}`)
const whole = (min: number, max: number) => {
  const error = `expected a whole number from ${min} to ${max}`
  return z.int(error).min(min, error).max(max, error)
}
const flag = z.boolean('expected true or false')
const text = (expected: string) => z.string(expected).min(1, expected)
const list = <T extends z.ZodType>(item: T, expected: string) => z.array(item, expected)
const section = <S extends z.ZodRawShape>(shape: S) => z.strictObject(shape, { error: objectExpected })

/** Says it for a wrong type only: an unknown key keeps its own message. */
function objectExpected(issue: z.core.$ZodRawIssue): string | undefined {
  return issue.code === 'invalid_type' ? 'expected an object {…}' : undefined
}

const origin = z.string('expected an origin such as "https://example.org"').transform((text, context) => {
  try {
    return listedOrigin(text)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    context.issues.push({ code: 'custom', message: error.message, input: text })
    return z.NEVER
  }
})
const origins = z
  .union([z.literal('same'), z.literal('*'), z.array(origin)], {
    error: `expected "same", "*" or a list of origins such as ["https://example.org"]`,
  })
  .prefault('same')
  .describe(
    'Which foreign web pages may come in: "same" (none), "*" (all), or a list of origins, in which "*" stands for one label or more.',
  )

const rate = (perSecond: number, burst: number, words: string) =>
  section({
    perSecond: z
      .number('expected a number above 0')
      .positive('expected a number above 0')
      .max(1e6, 'expected at most 1000000')
      .default(perSecond)
      .describe('How many each second, over time.'),
    burst: whole(1, 1e6).default(burst).describe('How many at once.'),
  })
    .prefault({})
    .describe(words)

const history = section({
  keep: whole(0, 1e9).default(10_000).describe('How many events the room keeps.'),
  maxAge: duration.prefault('7d').describe('How long an event is kept: "7d".'),
  replay: whole(0, 100_000).default(50).describe('How many of the newest events a newcomer gets.'),
  durable: flag.default(true).describe('Whether kept events survive a crash, where there is a data directory.'),
})

const limits = section({
  peers: whole(1, 1e7).default(10_000).describe('How many peers one room holds.'),
  perAddress: whole(1, 1e7).default(100).describe('How many peers one address may have in one room.'),
  payload: bytesUpTo(64 * 1024 ** 2, '64MiB')
    .prefault('64KiB')
    .describe('The largest message a peer may send.'),
  rate: rate(20, 40, 'How fast one peer may speak.'),
  abuse: whole(1, 1e6)
    .default(10)
    .describe('How many bursts a peer may be refused more than it was taken before it is closed.'),
  json: section({
    depth: whole(1, 1000).default(100).describe('How many levels the JSON of a message may have.'),
    members: whole(1, 1e6).default(10_000).describe('How many members its objects may have together.'),
  })
    .prefault({})
    .describe('What a message may be made of.'),
  pieces: whole(1, 1e6)
    .optional()
    .describe('How many fragments and packets a message may come in; by default one for each 512 bytes of payload.'),
  controls: whole(1, 1e6).default(250).describe('How many pings and pongs a peer may send between two heartbeats.'),
  batch: whole(1, 10_000).default(100).describe('How many messages one POST may bring.'),
  waiting: whole(1, 100_000).default(256).describe('How many messages of one peer may wait for async handlers.'),
  buffered: bytesUpTo(1024 ** 3, '1GiB')
    .prefault('1MiB')
    .describe('What may wait for a slow peer before it is closed.'),
  heartbeat: durationFrom(100, '100ms').prefault('25s').describe('How often a silent peer is pinged: "25s".'),
  messageTimeout: durationFrom(1000, '1s')
    .prefault('30s')
    .describe('How long a message may take to arrive, plus a second for each 512 bytes of it: "30s".'),
  sendTimeout: durationFrom(1000, '1s')
    .prefault('30s')
    .describe('How long what waits for a slow peer may take to be taken, plus a second for each 8 KiB of it: "30s".'),
})

const PUBLIC_KEY = 'expected a public key in PEM: "-----BEGIN PUBLIC KEY-----…"'

const COOKIE = "expected the name of a cookie (letters, digits and !#$%&'*+.^_`|~-)"

const auth = section({
  secret: text('expected the shared secret of the tokens').optional().describe('The shared secret (HS256 and kin).'),
  publicKey: z
    .string(PUBLIC_KEY)
    .refine(isPublicKey, PUBLIC_KEY)
    .optional()
    .describe('The public key of the issuer, PEM.'),
  jwksUrl: z
    .url({ protocol: /^https?$/, error: 'expected the http(s) URL of a key set' })
    // `URL` reads "https:/keys" and "https:///keys" as the host "keys".
    .regex(/^https?:\/\/[^/]/i, 'expected the http(s) URL of a key set')
    // `fetch` refuses such a URL, and repeats it.
    .refine((url) => !/^[^/]*\/\/[^/?#]*@/.test(url), 'expected the URL of a key set without a name and password in it')
    .optional()
    .describe('Where the issuer publishes its keys.'),
  algorithms: list(z.enum(ALGORITHMS, `expected one of ${ALGORITHMS.join(', ')}`), 'expected a list of algorithms')
    .min(1, 'expected at least one algorithm')
    .optional()
    .describe('The algorithms a token may be signed with.'),
  issuer: text('expected the issuer of the tokens').optional().describe('What `iss` must be.'),
  audience: text('expected the audience of the tokens').optional().describe('What `aud` must name.'),
  required: flag.default(true).describe('Whether a token is needed; with false, guests may come in without one.'),
  cookie: z
    .string(COOKIE)
    .regex(/^[\w!#$%&'*+.^`|~-]+$/, COOKIE)
    .optional()
    .describe('The cookie that may carry the token.'),
})
  .check(({ value, issues }) => {
    const kinds = [value.secret, value.publicKey, value.jwksUrl].filter((kind) => kind !== undefined)
    if (kinds.length !== 1)
      issues.push({ code: 'custom', input: value, message: 'expected exactly one of secret, publicKey and jwksUrl' })
    const mistake = kinds.length === 1 ? keyMistake(value) : undefined
    if (mistake) issues.push({ code: 'custom', input: value[mistake.at], path: [mistake.at], message: mistake.message })
  })
  .describe('Lets in only who brings a token of this issuer. Exactly one of secret, publicKey and jwksUrl.')

const PROTOCOL = 'expected a subprotocol name (letters, digits and !#$%&\'*+.^_`|~-), not "bearer.…"'
const protocol = z.string(PROTOCOL).regex(/^(?!bearer\.)[\w!#$%&'*+.^`|~-]+$/, PROTOCOL)
const TITLE = 'expected a title of 1 to 120 characters on one line, not only spaces'

const settings = section({
  title: z
    .string(TITLE)
    .regex(/^(?=.*\S)[^\p{Cc}\u2028\u2029]{1,120}$/u, TITLE)
    .optional()
    .describe('The name in the lobby.'),
  options: z.unknown().optional().describe("The module's own settings, checked by the module."),
  history: history.prefault({}).describe('What the room keeps, and what a newcomer gets of it.'),
  limits: limits.prefault({}).describe('How much of everything.'),
  origins,
  protocols: list(protocol, 'expected a list of subprotocol names')
    .refine((names) => new Set(names).size === names.length, 'expected each subprotocol once')
    .default([])
    .describe('WebSocket subprotocols the room speaks; the first the client offers is taken.'),
  compression: flag.default(false).describe('Whether messages may be compressed (permessage-deflate).'),
  auth: auth.optional(),
  idleAfter: durationFrom(0, '0').prefault('5m').describe('How long an empty room stays open: "10m".'),
  rejoinWithin: duration
    .refine((ms) => ms <= 3_600_000, 'expected a duration from 0 to 1h')
    .prefault('5s')
    .describe('How long a member whose connection was lost is waited for: "5s"; with 0 it leaves at once.'),
  instances: whole(1, 1e7).default(10_000).describe('How many rooms one path with parameters may have at once.'),
})

/** A line of `rooms`, with the defaults filled in. */
export const roomSchema = settings.extend({
  module: text('expected the name of a room module, such as "chat"').describe(
    'The room module: a file relative to this one ("chat" is chat.ts or chat.js), an absolute path, or a package.',
  ),
})

/** What `rooms.json` says about one room, checked. Durations are in ms, sizes in bytes. */
export type RoomLine = z.output<typeof roomSchema>

const server = section({
  limits: section({
    peers: whole(1, 1e8).default(50_000).describe('How many peers the server holds, over all rooms.'),
    handshakes: rate(200, 1000, 'How fast one address may connect.'),
    buffered: bytesUpTo(2 ** 40, '1024GiB')
      .prefault('512MiB')
      .describe('What may wait for all slow peers together.'),
    headersTimeout: durationFrom(1000, '1s')
      .prefault('10s')
      .describe('How long the headers of a request may take: "10s".'),
    requestTimeout: durationFrom(1000, '1s').prefault('30s').describe('How long a whole request may take: "30s".'),
  })
    .check(({ value: { headersTimeout, requestTimeout }, issues }) => {
      if (headersTimeout <= requestTimeout) return
      const message = `expected no more than requestTimeout, ${durationText(requestTimeout)}`
      issues.push({ code: 'custom', input: durationText(headersTimeout), path: ['headersTimeout'], message })
    })
    .prefault({})
    .describe('How much of everything, over all rooms.'),
  socketio: flag.default(true).describe('Whether Socket.IO clients may come in at /socket.io/.'),
  origins: origins.describe('Which foreign web pages may read the lobby.'),
})

/** The whole file. */
export const fileSchema = section({
  $schema: z.string('expected the path of rooms.schema.json').optional().describe('Lets editors complete this file.'),
  defaults: settings.prefault({}).describe('Settings of every room that does not say otherwise.'),
  rooms: z.record(z.string(), roomSchema, { error: objectExpected }).meta({
    description: 'The rooms: a path such as "/chat" or "/r/:name", and what stands behind it.',
    propertyNames: { pattern: '^/([^/?#%]+(/[^/?#%]+)*)?$' },
  }),
  server: server.prefault({}).describe('Settings of the server itself.'),
})

/** In the place of any text, a reference to an environment variable is as good. */
const REFERENCE = '\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}'

/** The text of `rooms.schema.json`. */
export function schemaText(): string {
  const schema = z.toJSONSchema(fileSchema, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => {
      if (jsonSchema.type !== 'string') return
      for (const part of [jsonSchema, ...(jsonSchema.allOf ?? [])]) {
        delete part.format
        // A default around a schema shows the same schema again.
        if (part.pattern !== undefined && !part.pattern.endsWith(REFERENCE))
          part.pattern = `(?:${part.pattern})|${REFERENCE}`
      }
    },
  })
  return `${JSON.stringify({ ...schema, title: 'rooms.json of Corridor', description: 'Which rooms are served.' }, null, 2)}\n`
}
