/**
 * The one schema of `rooms.json`: its keys, their defaults and descriptions. `config.ts` validates the file with it;
 * `schema-text.ts` generates `rooms.schema.json` from it.
 */
import { z } from 'zod'
import { duration, durationText } from '../units.ts'
import { auth } from './auth-settings.ts'
import {
  byLanguage,
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
  maxAge: duration.prefault('7d').describe('How long an event is kept, for example "7d".'),
  replay: whole(0, 100_000).default(50).describe('How many of the newest events a newcomer gets; at most keep.'),
  durable: flag
    .default(true)
    .describe('Whether events are on disk before they are delivered and acknowledged, if DATA_DIR is a folder.'),
})

const limits = section({
  peers: whole(1, 1e7).default(10_000).describe('How many peers one room holds.'),
  perAddress: whole(1, 1e7).default(100).describe('How many peers one address may have in one room.'),
  payload: bytesUpTo(64 * 1024 ** 2, '64MiB')
    .prefault('64KiB')
    .describe('The largest message a peer may send.'),
  rate: rate(20, 40, 'How many messages one peer may send.'),
  abuse: whole(1, 1e6)
    .default(10)
    .describe('Closes (1008) a peer whose refused messages exceed its accepted ones by this many bursts.'),
  json: section({
    depth: whole(1, 1000).default(100).describe('How many levels the JSON of a message may have.'),
    members: whole(1, 1e6).default(10_000).describe('How many members all objects of a message may have together.'),
  })
    .prefault({})
    .describe('Limits on the JSON of a message.'),
  pieces: whole(1, 1e6)
    .optional()
    .describe(
      'How many fragments and packets a message may consist of; by default one for each 512 bytes of payload, and at least 144.',
    ),
  controls: whole(1, 1e6).default(250).describe('How many pings and pongs a peer may send between two heartbeats.'),
  batch: whole(1, 10_000).default(100).describe('How many messages one POST may contain; never more than rate.burst.'),
  waiting: whole(1, 100_000).default(256).describe('How many messages of one peer may wait for async handlers.'),
  storage: bytesUpTo(1024 ** 3, '1GiB')
    .prefault('1MiB')
    .describe('How many bytes the storage of one room holds: its keys and values.'),
  ids: whole(1, 1e8)
    .default(1_000_000)
    .describe('How many message ids one room remembers. When so many are, a message with a new id is refused.'),
  buffered: bytesUpTo(1024 ** 3, '1GiB')
    .prefault('1MiB')
    .describe('How many bytes may wait for a slow peer before it is closed with 1013.'),
  heartbeat: durationFrom(100, '100ms')
    .prefault('25s')
    .describe(
      'How often a peer is pinged, for example "25s". A peer that is silent for 10 s after a ping is disconnected.',
    ),
  messageTimeout: durationFrom(1000, '1s')
    .prefault('30s')
    .describe(
      'How long a message may take from its first byte to its last, plus a second for each 512 bytes of it: "30s".',
    ),
  sendTimeout: durationFrom(1000, '1s')
    .prefault('30s')
    .describe('How long a slow peer may take to read what waits for it, plus a second for each 8 KiB of it: "30s".'),
})

const PROTOCOL = 'expected a subprotocol name (letters, digits and !#$%&\'*+.^_`|~-), not "bearer.…"'
const protocol = z.string(PROTOCOL).regex(/^(?!bearer\.)[\w!#$%&'*+.^`|~-]+$/, PROTOCOL)
const TITLE = 'expected a title of 1 to 120 characters on one line, not only spaces'
const title = z.string(TITLE).regex(/^(?=.*\S)[^\p{Cc}\u2028\u2029]{1,120}$/u, TITLE)
const PAGE = 'expected the name of an HTML file, such as "quiz.html"'

const NEVER = 'expected "never" or a duration such as "90d"'

const settings = section({
  title: byLanguage(title, 'expected a title, or one per language such as {"en": "Chat", "zh": "聊天"}')
    .optional()
    .describe('The name in the lobby: a text, or one per language.'),
  page: text(PAGE)
    .regex(/\.html?$/i, PAGE)
    .optional()
    .describe('The page that browsers get: an HTML file, relative to this one. Ours stays at "?console".'),
  options: z.unknown().optional().describe("The module's own settings, checked by the module."),
  history: history.prefault({}).describe('Which events the room keeps, and how many a newcomer gets.'),
  limits: limits.prefault({}).describe('Limits of the room and of each peer.'),
  origins,
  protocols: list(protocol, 'expected a list of subprotocol names')
    .refine((names) => new Set(names).size === names.length, 'expected each subprotocol once')
    .default([])
    .describe('WebSocket subprotocols of the room. The first one the client offers is selected.'),
  compression: flag
    .default(false)
    .describe('Whether messages are compressed (permessage-deflate) for clients that offer it.'),
  auth: auth.optional(),
  idleAfter: durationFrom(0, '0').prefault('5m').describe('How long an empty room stays open, for example "10m".'),
  rejoinWithin: durationWithin(0, 3_600_000, '0 to 1h')
    .prefault('5s')
    .describe(
      'How long the room waits for a member whose connection was lost: "5s". With 0 the member leaves at once.',
    ),
  forgetAfter: z
    .union([z.literal('never'), durationWithin(60_000, 100 * 365 * 86_400_000, '1m to 36500d')], NEVER)
    .prefault('never')
    .describe(
      'When a room in which nobody was and nothing happened is erased, with history, storage and alarms: "90d", or "never".',
    ),
  instances: whole(1, 1e7).default(10_000).describe('How many rooms one path with parameters may have open at once.'),
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
    handshakes: rate(200, 1000, 'How often one address may connect.'),
    namespaces: whole(1, 1e6).default(100).describe('How many rooms a Socket.IO client may join over one connection.'),
    buffered: bytesUpTo(2 ** 40, '1024GiB')
      .prefault('512MiB')
      .describe('How many bytes may wait for all slow peers together. Beyond it the slowest are closed with 1013.'),
    storage: bytesUpTo(2 ** 40, '1024GiB')
      .prefault('1GiB')
      .describe('How many bytes the storage of all open rooms holds together. Beyond it no further room opens (503).'),
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
    .describe('Limits over all rooms.'),
  socketio: flag
    .default(true)
    .describe('Whether Socket.IO clients may connect at /socket.io/. Read at the start only.'),
  origins: origins.describe('Which web pages of other sites may read the lobby.'),
})

/** The whole file. */
export const fileSchema = section({
  $schema: z.string('expected the path of rooms.schema.json').optional().describe('Lets editors complete this file.'),
  defaults: settings.prefault({}).describe('Settings of every room, unless its own line overrides them.'),
  rooms: z.record(z.string(), roomSchema, { error: objectExpected }).meta({
    description: 'The rooms: a path such as "/chat" or "/r/:name", and the settings of its room.',
    propertyNames: { pattern: '^/([^/?#%]+(/[^/?#%]+)*)?$' },
  }),
  server: server.prefault({}).describe('Settings of the server itself.'),
})
