/**
 * The AsyncAPI 3 document of all rooms (asyncapi.com/docs/reference/specification/v3.0.0): each line of `rooms.json` is a
 * channel, with the messages of its module as JSON schemas. `transports/http/room-routes.ts` serves it.
 */
import { z } from 'zod'
import type { Mount } from '../config/mount.ts'
import { patternParameters } from '../config/paths.ts'
import type { Schemas } from '../define.ts'
import { inLanguage, type Languages } from '../localized.ts'
import { PROTOCOL_SCHEMAS } from './protocol-schemas.ts'

type Json = Record<string, unknown>

/** Where the server is reached, as the reader's request says. */
export interface Place {
  /** `rooms.example.org:3000` */
  readonly host: string
  readonly isSecure: boolean
  /** `''` or `/sub`. */
  readonly basePath: string
}

/** What a peer may name in the URL of its connection. */
const QUERY: Json = {
  type: 'object',
  properties: {
    name: { type: 'string', description: 'The display name, in a room without auth.' },
    client: { type: 'string', description: 'A stable id of the client, for resuming and for safe retries.' },
    offset: { type: 'string', description: 'Where to resume: the offset after an event, -1 or now.' },
  },
}
const TOKEN: Json = { $ref: '#/components/securitySchemes/token' }
/** What an event room sends of its own. */
const PROTOCOL = Object.keys(PROTOCOL_SCHEMAS)

/** `isOpenTo`: whether the reader may know the messages of a mount. */
export function asyncApiOf(
  mounts: readonly Mount[],
  place: Place,
  version: string,
  languages: Languages,
  isOpenTo: (mount: Mount) => boolean,
): Json {
  const channels: Json = {}
  const operations: Json = {}
  const schemas: Json = { ...PROTOCOL_SCHEMAS }
  const names = new Set<string>()
  for (const mount of mounts) {
    const name = unused(names, nameOf(mount.pattern) || 'root')
    const { received, sent } = isOpenTo(mount) ? messagesOf(mount, name, schemas) : { received: {}, sent: {} }
    channels[name] = channelOf(mount, languages, { ...received, ...sent })
    // The server receives what a client says.
    const security = mount.auth ? { security: [TOKEN] } : {}
    if (Object.keys(received).length > 0)
      operations[`${name}.receive`] = { ...operation('receive', name, received), ...security }
    if (Object.keys(sent).length > 0) operations[`${name}.send`] = { ...operation('send', name, sent), ...security }
  }
  const messages = Object.fromEntries(PROTOCOL.map((type) => [type, { name: type, payload: refTo('schemas', type) }]))
  return {
    asyncapi: '3.0.0',
    info: { title: 'Corridor', version, description: 'Every room of this server: a channel at its path.' },
    defaultContentType: 'application/json',
    servers: {
      corridor: {
        host: place.host,
        protocol: place.isSecure ? 'wss' : 'ws',
        ...(place.basePath !== '' && { pathname: place.basePath }),
      },
    },
    channels,
    operations,
    components: {
      schemas,
      messages,
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  }
}

function channelOf(mount: Mount, languages: Languages, messages: Json): Json {
  const { pattern, definition, title } = mount
  const summary = inLanguage(definition.summary ?? '', languages)
  const parameters = patternParameters(pattern).map((name) => [name, { description: 'A part of the path.' }])
  return {
    address: pattern.replaceAll(/:(\w+)/g, '{$1}'),
    title: inLanguage(title, languages),
    ...(summary !== '' && { summary }),
    ...(parameters.length > 0 && { parameters: Object.fromEntries(parameters) }),
    messages,
    bindings: { ws: { method: 'GET', query: QUERY, bindingVersion: '0.1.0' } },
  }
}

function operation(action: 'receive' | 'send', channel: string, messages: Json): Json {
  return {
    action,
    channel: { $ref: `#/channels/${channel}` },
    messages: Object.keys(messages).map((key) => ({ $ref: `#/channels/${channel}/messages/${key}` })),
  }
}

/** The messages of a mount by key; adds the schemas of their data to `schemas`. */
function messagesOf(mount: Mount, name: string, schemas: Json): { received: Json; sent: Json } {
  if (mount.kind === 'raw')
    return { received: { data: raw('What a peer sends.') }, sent: { reply: raw('What peers get.') } }
  const keys = new Set<string>(PROTOCOL)
  const of = (part: 'receives' | 'sends') => {
    const messages: Json = {}
    for (const [type, schema] of Object.entries(mount.definition[part] ?? ({} satisfies Schemas))) {
      const key = unused(keys, nameOf(type) || 'message')
      const schemaName = unused(new Set(Object.keys(schemas)), `${name}.${part}.${key}`)
      schemas[schemaName] = schemaOf(schema, schemaName, part === 'receives' ? 'input' : 'output')
      const isOptional = part === 'receives' && schema.safeParse(undefined).success
      messages[key] = { name: type, payload: envelope(part, type, refTo('schemas', schemaName), isOptional) }
    }
    return messages
  }
  const received = of('receives')
  const protocol = Object.fromEntries(PROTOCOL.map((type) => [type, refTo('messages', type)]))
  return { received, sent: { ...of('sends'), ...protocol } }
}

function raw(summary: string): Json {
  return {
    summary,
    contentType: 'application/octet-stream',
    payload: { type: 'string', description: 'Text or bytes.' },
  }
}

/** A text frame around the data. */
function envelope(part: 'receives' | 'sends', type: string, data: Json, isOptional: boolean): Json {
  const own: Json =
    part === 'receives'
      ? { id: { type: 'string', minLength: 1, maxLength: 64, description: 'Asks for an ack; makes a retry safe.' } }
      : {
          seq: { type: 'integer', minimum: 1, description: 'Its number in the log, if the event is kept.' },
          time: { type: 'integer', description: 'When it was published, in ms since 1970, if it is kept.' },
        }
  return {
    type: 'object',
    properties: { type: { type: 'string', const: type }, data, ...own },
    required: isOptional ? ['type'] : ['type', 'data'],
  }
}

/** The JSON schema of a message's data at `#/components/schemas/name`, to which its references are moved. */
function schemaOf(schema: z.ZodType, name: string, io: 'input' | 'output'): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-7' })
  const text = JSON.stringify(json, (key, value) =>
    key === '$ref' && typeof value === 'string' ? value.replace(/^#/, `#/components/schemas/${name}`) : value,
  )
  return JSON.parse(text)
}

function refTo(kind: 'schemas' | 'messages', name: string): Json {
  return { $ref: `#/components/${kind}/${name}` }
}

/** A name that may be a key of components: letters, digits, `.`, `-` and `_`. */
function nameOf(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9.-]+/g, '_').replaceAll(/^_+|_+$/g, '')
}

function unused(taken: Set<string>, name: string): string {
  let free = name
  for (let count = 2; taken.has(free); count++) free = `${name}_${count}`
  taken.add(free)
  return free
}
