/**
 * How the clients of each server speak: the handshake's path, what comes first, how a message is wrapped, and which
 * byte distinguishes a delivery from anything else. Every server gets the same text in its own wrapping.
 */
import type { DialectName } from './job.ts'

export interface Dialect {
  /** The request's target for a room. */
  target(room: string): string
  /** Text before and after the message's own text; with `id`, the message asks for an ack. */
  wrap(id?: string): [string, string]
  /** A delivery has this byte at this place of its payload. */
  readonly delivery: Mark
  readonly ack?: Mark
  /** Said once after the first frame of the server, to enter a room. */
  greeting?(room: string): string
  /** A whole first message in a room. */
  message(room: string, text: string): string
  /** The connection is ready after so many frames of the server. */
  readonly framesBefore: number
}

export interface Mark {
  readonly at: number
  readonly byte: number
}

const mark = (at: number, character: string): Mark => ({ at, byte: character.charCodeAt(0) })
const event = (id?: string): [string, string] => [
  `{"type":"message",${id === undefined ? '' : `"id":"${id}",`}"data":{"text":"`,
  '"}}',
]

/** A separate room is a namespace of Socket.IO; a shared one is a room of its main namespace. */
function namespace(room: string): string {
  return room.startsWith('/open/') ? `${room},` : ''
}

export const dialects: Record<DialectName, Dialect> = {
  plain: {
    target: (room) => room,
    wrap: event,
    message: (_, text) => event().join(text),
    delivery: mark(0, '{'),
    framesBefore: 0,
  },
  corridor: {
    target: (room) => room,
    wrap: event,
    message: (_, text) => event().join(text),
    // {"type":"message"… and {"type":"ack"…; a welcome and an error begin with another letter.
    delivery: mark(9, 'm'),
    ack: mark(9, 'a'),
    framesBefore: 1,
  },
  socketio: {
    target: (room) => `/socket.io/?EIO=4&transport=websocket&room=${encodeURIComponent(room)}`,
    wrap: () => ['42["message",{"text":"', '"}]'],
    // 42[… is an event; 0 opens, 40 admits, 2 pings.
    delivery: mark(1, '2'),
    greeting: (room) => `40${namespace(room)}`,
    message: (room, text) => `42${namespace(room)}${JSON.stringify(['message', { text }])}`,
    framesBefore: 2,
  },
  gateway: {
    target: () => '/socket.io/?EIO=4&transport=websocket',
    wrap: () => ['42/room,["message",{"text":"', '"}]'],
    // 42/room,["message"… and 42/room,["welcome"… or an error.
    delivery: mark('42/room,["'.length, 'm'),
    greeting: (room) => `40${room},`,
    message: (room, text) => `42${room},${JSON.stringify(['message', { text }])}`,
    framesBefore: 3,
  },
}
