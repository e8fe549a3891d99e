/**
 * The server log: JSON lines by pino. Text from clients cannot break a line, control a terminal or a viewer, or exceed
 * the maximum length. `cli/start.ts` makes the logger and passes it to the server.
 */
import { type DestinationStream, type Logger, pino } from 'pino'

const MAX_LINE_LENGTH = 8192
const MAX_TEXT_LENGTH = 1000
/**
 * Characters that JSON does not escape, but that may end a line, move a cursor, turn the text direction, or be
 * invisible.
 */
const HIDDEN = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g

/** `level`: the lowest level that is logged. `destination`: default stdout. */
export function newLogger(level: string, destination?: DestinationStream): Logger {
  const options = { level, hooks: { streamWrite: tidy }, serializers: { err: errorFields } }
  return destination ? pino(options, destination) : pino(options)
}

/** The fields of an error. An error that is frozen, or whose getters throw, must not break logging. */
function errorFields(error: Error): unknown {
  try {
    return pino.stdSerializers.err(error)
  } catch {
    return { type: 'Error', message: 'an error that cannot be read' }
  }
}

/** The same JSON line, bounded in length and with invisible characters escaped. */
function tidy(line: string): string {
  const short = line.length > MAX_LINE_LENGTH ? shortened(line) : line
  return short.replaceAll(HIDDEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function shortened(line: string): string {
  const fields: Record<string, unknown> = JSON.parse(line)
  const short = JSON.stringify(fields, (_, value) => (typeof value === 'string' ? cut(value) : value))
  if (short.length <= MAX_LINE_LENGTH) return `${short}\n`
  const { level, time, room, msg } = fields
  return `${JSON.stringify({ level, time, room, msg: cut(String(msg)), cut: line.length })}\n`
}

function cut(text: string): string {
  return text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH)}… (${text.length})` : text
}
