/** Reads what Redis answered. A reply of another shape is a fault of the script, or of a Redis that is none. */
import type { Reply } from './redis-calls.ts'

export function list(reply: Reply | undefined): readonly Reply[] {
  if (Array.isArray(reply)) return reply
  throw new Error(`expected a list from Redis, got ${shown(reply)}`)
}

export function bytes(reply: Reply | undefined): Buffer {
  if (Buffer.isBuffer(reply)) return reply
  throw new Error(`expected a text from Redis, got ${shown(reply)}`)
}

export function text(reply: Reply | undefined): string {
  return bytes(reply).toString()
}

/** A number, or a text of one. */
export function count(reply: Reply | undefined): number {
  const number = typeof reply === 'number' ? reply : Number(text(reply))
  if (Number.isFinite(number)) return number
  throw new Error(`expected a number from Redis, got ${shown(reply)}`)
}

/** A flat list of keys and values. */
export function pairs(reply: Reply | undefined): [Buffer, Buffer][] {
  const flat = list(reply)
  return Array.from({ length: flat.length / 2 }, (_, index) => [bytes(flat[2 * index]), bytes(flat[2 * index + 1])])
}

function shown(reply: Reply | undefined): string {
  return Buffer.isBuffer(reply) ? JSON.stringify(reply.toString().slice(0, 80)) : String(reply)
}
