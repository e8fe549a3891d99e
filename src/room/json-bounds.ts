/**
 * Bounds for JSON from clients, checked in the text before it is parsed (CVE-2026-32689): how deep it nests and how
 * many members its objects have. A recursive walk, a schema or a hash table can bear less than the size limit of a
 * message allows. `protocol.ts` asks before it parses.
 */
import type { JsonBounds, Mount } from '../config/mount.ts'
import { RoomError } from '../errors.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a

/** The bound that the text exceeds. Invalid JSON is left to the parser. */
export function exceededBound(text: string, bounds: JsonBounds): keyof JsonBounds | undefined {
  if (text.length <= bounds.depth && text.length <= bounds.members) return undefined
  let depth = 0
  let members = 0
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at)
    if (char === QUOTE) {
      at = endOfString(text, at)
      if (at < 0) return undefined
    } else if (char === COLON) {
      members += 1
      if (members > bounds.members) return 'members'
    } else if ((char | 0x20) === 0x7b) {
      // `[` and `{`
      depth += 1
      if (depth > bounds.depth) return 'depth'
    } else if ((char | 0x20) === 0x7d) {
      // `]` and `}`
      depth -= 1
    }
  }
  return undefined
}

/** The index of the closing quote of the string that begins at `start`; -1 if there is none. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end
}

function isEscaped(text: string, at: number): boolean {
  let first = at
  while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1
  return (at - first) % 2 === 1
}

/**
 * The bounds of a message also hold for the operator and for other rooms, since all peers get what it causes. Throws a
 * `RoomError`.
 */
export function mustFit(data: unknown, { payloadBytes, json }: Pick<Mount['limits'], 'payloadBytes' | 'json'>): void {
  const text = JSON.stringify(data) ?? ''
  const bytes = Buffer.byteLength(text)
  if (bytes > payloadBytes)
    throw new RoomError('bad_message', `expected data of at most ${payloadBytes} bytes (limits.payload), got ${bytes}`)
  const exceeded = exceededBound(text, json)
  if (exceeded) throw new RoomError('bad_message', `expected data within limits.json.${exceeded} of this room`)
}
