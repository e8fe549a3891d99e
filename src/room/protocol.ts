/**
 * The event protocol (README: Messages): decodes the text frames of clients, and makes the frames that a room sends of
 * itself. `exchanges.ts` decodes with it before a handler runs. The protocol is the same over every wire.
 */
import secureJson from 'secure-json-parse'
import { z } from 'zod'
import type { JsonBounds } from '../config/mount.ts'
import type { EventDefinition } from '../define.ts'
import { Frame, json } from '../delivery/frame.ts'
import { extrasOf, InvalidError, LimitError, RepeatedError, RoomError } from '../errors.ts'
import type { Kept, Lost } from '../log/log.ts'
import { errorOf } from '../thrown.ts'
import { exceededBound } from './json-bounds.ts'

/** A decoded message of a client, not yet checked against the module's schema. */
export interface Message {
  readonly type: string
  readonly data: unknown
  readonly id: string | undefined
}

export interface Welcome {
  readonly room: string
  readonly you: { readonly id: string; readonly name: string }
  readonly epoch: string
  readonly first: number
  readonly seq: number
  /** `undefined`: no offset was given. */
  readonly resumed: boolean | undefined
  readonly reason: Lost | undefined
  /** The server's time, ms since 1970. */
  readonly time: number
  /** When the peer's token expires, ms since 1970. `undefined`: it has none, or one that does not expire. */
  readonly until: number | undefined
}

const MAX_ID_LENGTH = 64
/** Only the first issues are reported, so that an answer is not many times as large as the message. */
const MAX_ISSUES = 20

/** Decodes a text frame. Throws a `RoomError` `bad_json` or `bad_message`; `idOf` finds the id to answer it with. */
export function decode(text: string, plainText: EventDefinition['text'], bounds: JsonBounds): Message {
  const value = parse(text, plainText !== undefined, bounds)
  if (!plainText || isEvent(value)) return messageOf(value)
  const { type, data } = plainText(text)
  return { type, data, id: undefined }
}

/** The message in a JSON value. Throws a `RoomError` `bad_message`. */
export function messageOf(value: unknown): Message {
  if (!isEvent(value)) {
    throw new RoomError('bad_message', 'expected an object with a string "type", like {"type":"message","data":{}}')
  }
  const { type, data, id } = value
  if (id !== undefined && !isId(id)) {
    throw new RoomError('bad_message', `"id" must be a string of 1 to ${MAX_ID_LENGTH} characters`)
  }
  return { type, data, id }
}

/** Parses JSON, the same for every wire. Throws a `RoomError` `bad_json`, also for keys like `__proto__`. */
export function parseJson(text: string, bounds: JsonBounds): unknown {
  return parse(text, false, bounds)
}

function parse(text: string, mayBePlain: boolean, bounds: JsonBounds): unknown {
  const exceeded = exceededBound(text, bounds)
  if (exceeded) {
    // An event begins as an object with a key. Any other text is a plain text.
    if (mayBePlain && !/^\s*\{\s*"/.test(text)) return undefined
    const { depth, members } = bounds
    const expected = `expected JSON of at most ${depth} levels and ${members} members`
    throw new LimitError(`limits.json.${exceeded}`, 'bad_json', expected)
  }
  try {
    return secureJson.parse(text)
  } catch (error) {
    const { message } = errorOf(error)
    // A forbidden prototype key is JSON and hostile: neither a plain text nor an event.
    if (mayBePlain && !message.includes('forbidden prototype')) return undefined
    throw new RoomError('bad_json', `expected JSON: ${message}`)
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isEvent(value: unknown): value is Record<string, unknown> & { type: string } {
  return isObject(value) && typeof value.type === 'string'
}

function isId(id: unknown): id is string {
  return typeof id === 'string' && id.length >= 1 && id.length <= MAX_ID_LENGTH
}

/** The id in a frame that is refused before it is decoded, so that the error names it. */
export function idOf(text: string, bounds: JsonBounds): string | undefined {
  if (exceededBound(text, bounds)) return undefined
  try {
    const value: unknown = secureJson.parse(text)
    return isObject(value) && isId(value.id) ? value.id : undefined
  } catch {
    return undefined
  }
}

/**
 * Checks a message's data against the module's schema. Throws a `RoomError` `unknown_type` or `invalid`. `mayBeNull`: its
 * transport writes `null` for no data, so `null` is taken for that where the schema takes no data and no `null`.
 */
export function check(message: Message, definition: EventDefinition, mayBeNull = false): unknown {
  const { receives } = definition
  if (!receives || !Object.hasOwn(receives, message.type)) {
    const known = Object.keys(receives ?? {}).join(', ') || 'nothing'
    throw new RoomError('unknown_type', `this room receives ${known}`)
  }
  // The type is an own key of `receives`, so it has a schema.
  const schema = receives[message.type] as z.ZodType
  const result = schema.safeParse(message.data)
  if (result.success) return result.data
  if (mayBeNull && message.data === null) {
    const withoutData = schema.safeParse(undefined)
    if (withoutData.success) return withoutData.data
  }
  const issues = result.error.issues.slice(0, MAX_ISSUES)
  throw new InvalidError('invalid', z.prettifyError({ issues }), issues)
}

export function welcome(data: Welcome): Frame {
  return new Frame('welcome', json(data))
}

export function ack(
  id: string | undefined,
  kept: Kept,
  seq: number | undefined,
  duplicate = false,
  ref?: number,
): Frame {
  return new Frame('ack', '', 0, 0, { id, seq, kept, duplicate, ref })
}

export function error(id: string | undefined, error: RoomError, ref?: number): Frame {
  const data = { code: error.code, message: error.message, ...extrasOf(error) }
  const duplicate = error instanceof RepeatedError
  const isAnswer = id !== undefined || ref !== undefined
  return new Frame('error', json(data), 0, 0, isAnswer ? { id, ref, duplicate } : undefined)
}

export function reset(data: { epoch: string; first: number; seq: number; reason: Lost }): Frame {
  return new Frame('reset', json(data))
}
