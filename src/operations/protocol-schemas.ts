/** The JSON schemas of the frames that every event room sends of its own (README: Messages). For `asyncapi.ts`. */

const SEQ = { type: 'integer', minimum: 0 }
const TEXT = { type: 'string' }
const REASON = { type: 'string', enum: ['epoch', 'trimmed', 'truncated', 'ahead', 'cleared'] }

export const PROTOCOL_SCHEMAS: Readonly<Record<string, object>> = {
  welcome: event(
    'welcome',
    'Comes first: who the peer is, and where the log stands.',
    {
      room: TEXT,
      you: object({ id: TEXT, name: TEXT }),
      epoch: TEXT,
      first: SEQ,
      seq: SEQ,
      time: { type: 'integer', description: "The server's time, in ms since 1970." },
      until: { type: 'integer', description: 'When the token of the peer ends, in ms since 1970.' },
      resumed: { type: 'boolean', description: 'Only if an offset was given.' },
      reason: REASON,
    },
    ['until', 'resumed', 'reason'],
  ),
  ack: {
    ...object(
      {
        type: { type: 'string', const: 'ack' },
        id: TEXT,
        seq: SEQ,
        kept: { type: 'string', enum: ['memory', 'os', 'fsync', 'replicated'] },
        duplicate: { type: 'boolean' },
      },
      ['seq', 'duplicate'],
    ),
    description: 'The message with this id was handled, and what it published is kept.',
  },
  error: event(
    'error',
    'A message was refused, or the peer was.',
    {
      code: TEXT,
      message: TEXT,
      issues: { type: 'array' },
      details: {},
    },
    ['issues', 'details'],
    { id: TEXT, duplicate: { type: 'boolean' } },
  ),
  reset: event('reset', 'The log has lost or forgotten events that the peer may have seen.', {
    epoch: TEXT,
    first: SEQ,
    seq: SEQ,
    reason: REASON,
  }),
  redacted: event('redacted', 'The event with this seq was erased.', { seq: SEQ }, [], {
    seq: SEQ,
    time: { type: 'integer' },
  }),
}

function event(type: string, description: string, data: object, optional: string[] = [], own: object = {}): object {
  const frame = object(
    { type: { type: 'string', const: type }, data: object(data, optional), ...own },
    Object.keys(own),
  )
  return { ...frame, description }
}

/** All properties are required but the optional ones. */
function object(properties: object, optional: readonly string[] = []): object {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return { type: 'object', properties, required }
}
