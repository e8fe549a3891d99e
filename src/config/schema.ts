/**
 * The one schema of `rooms.json`: what may stand in it, the defaults, and the words for each key. `config.ts` checks the
 * file with it; `schema-text.ts` makes `rooms.schema.json` of it.
 */
import { z } from 'zod'
import { duration, durationText } from '../units.ts'
import { auth } from './auth-settings.ts'
import {
  bytesUpTo,
  durationFrom,
  durationWithin,
  flag,
  list,
  objectExpected,
  origins,
  rate,
  section,
  text,
  whole,
} from './setting-kinds.ts'

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
  rejoinWithin: durationWithin(0, 3_600_000, '0 to 1h')
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
