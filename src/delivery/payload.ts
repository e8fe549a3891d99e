/**
 * The payload of a frame before a transport wraps it: the JSON text of an event or an answer, or the data of a raw room
 * as it is. Encodings build their bytes from it; the log stores the text of an event.
 */
import type { Answer, Frame } from './frame.ts'

/** Built anew at each call. */
export function payloadOf({ type, data, seq, time, answer }: Frame): string | Uint8Array {
  if (type === undefined || typeof data !== 'string') return data
  if (answer) return answerText(type, answer, data)
  if (seq > 0) return eventText(type, seq, time, data)
  return `{"type":${JSON.stringify(type)},"data":${data}}`
}

/** Many events as one JSON text. */
export function listOf(frames: readonly Frame[]): string {
  return `[${frames.map(payloadOf).join(',')}]`
}

/** The text of an event in the log. */
export function eventText(type: string, seq: number, time: number, data: string): string {
  return `{"type":${JSON.stringify(type)}${dataAfter(seq, time)}${data}}`
}

/**
 * The parts of a text of `eventText`; `undefined` for any other text. The first match is the right one: a quote within
 * the type has a backslash before it.
 */
export function eventParts(text: string, seq: number, time: number): { type: string; data: string } | undefined {
  const middle = dataAfter(seq, time)
  const at = text.indexOf(middle)
  if (at < 0) return undefined
  const type = text.slice(TYPE_AT, at)
  return { type: type.includes('\\') ? JSON.parse(type) : type.slice(1, -1), data: text.slice(at + middle.length, -1) }
}

const TYPE_AT = '{"type":'.length

function dataAfter(seq: number, time: number): string {
  return `,"seq":${seq},"time":${time},"data":`
}

function answerText(type: string, { id, seq, kept, duplicate }: Answer, data: string): string {
  const at = seq === undefined ? '' : `,"seq":${seq}`
  const how = kept === undefined ? '' : `,"kept":"${kept}"`
  const again = duplicate ? ',"duplicate":true' : ''
  const why = data === '' ? '' : `,"data":${data}`
  const to = id === undefined ? '' : `,"id":${JSON.stringify(id)}`
  return `{"type":"${type}"${to}${at}${how}${again}${why}}`
}
