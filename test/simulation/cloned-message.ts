/** A message between two nodes as it comes out on the other side: the same data, nothing shared. */
import { Frame } from '../../src/delivery/frame.ts'
import type { LinkMessage } from '../../src/nodes/link-message.ts'

export function cloned(message: LinkMessage): LinkMessage {
  return copy(message) as LinkMessage
}

function copy(value: unknown): unknown {
  if (typeof value === 'function') throw new Error('expected plain data in a message between nodes, got a function')
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Frame) {
    const frame = new Frame(value.type, copy(value.data) as string, value.seq, value.time, copy(value.answer) as never)
    frame.after = value.after
    return frame
  }
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  if (Array.isArray(value)) return value.map(copy)
  const kind = value.constructor
  if (kind !== Object && kind !== undefined)
    throw new Error(`expected plain data in a message between nodes, got a ${kind.name}`)
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copy(each)]))
}
