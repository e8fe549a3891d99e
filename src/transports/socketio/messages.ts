/**
 * What a client has emitted, as the message its room expects: JSON text for an event room, text or bytes for a raw one.
 * `namespace-peer.ts` passes it on.
 */
import { RoomError } from '../../errors.ts'

export type RoomKind = 'event' | 'raw'
export type Message = string | Uint8Array

const MOST_ARGUMENTS = 2

/** `args`: the event's name and its arguments, without the function for the answer. Throws a `RoomError` `bad_message`. */
export function messageOf(args: unknown, kind: RoomKind): Message {
  if (!Array.isArray(args)) throw new RoomError('bad_message', 'expected an event with a name')
  const [type, ...rest]: readonly unknown[] = args
  return kind === 'raw' ? rawMessageOf(type, rest) : eventOf(type, rest)
}

function rawMessageOf(type: unknown, [data, ...more]: readonly unknown[]): Message {
  if (type === 'message' && more.length === 0) {
    if (typeof data === 'string') return data
    if (data instanceof Uint8Array) return data
  }
  throw new RoomError('bad_message', 'this room expects emit("message", data) with text or bytes, and nothing else')
}

function eventOf(type: unknown, rest: readonly unknown[]): string {
  if (typeof type !== 'string') throw new RoomError('bad_message', 'expected text as the name of an event')
  if (rest.length > MOST_ARGUMENTS) {
    throw new RoomError('bad_message', 'expected emit(type, data) or emit(type, data, { id }); send one object as data')
  }
  const [data, options] = rest
  const id = rest.length < MOST_ARGUMENTS ? undefined : idOf(options)
  if (holdsBytes(data)) throw new RoomError('bad_message', 'expected JSON, got bytes; a raw room takes bytes')
  return JSON.stringify({ type, data, id })
}

/** An id of any type is passed on, so that the room says what is wrong with it. */
function idOf(options: unknown): unknown {
  const isOptions = typeof options === 'object' && options !== null && Object.keys(options).join() === 'id'
  if (isOptions && 'id' in options && typeof options.id === 'string') return options.id
  throw new RoomError('bad_message', 'expected { id: "…" } as the third argument; send one object as data')
}

/** Whether bytes are anywhere in the data. Not recursive: data may be nested deeper than the stack. */
function holdsBytes(data: unknown): boolean {
  const open: unknown[] = [data]
  while (open.length > 0) {
    const value = open.pop()
    if (value instanceof Uint8Array || value instanceof ArrayBuffer) return true
    if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) open.push(part)
  }
  return false
}
