/**
 * Many fields as one argument of a script, since each argument costs the client and Redis more than what is done with it: of
 * each its length in 4 bytes, then its bytes. `commit-call.ts` packs lists, `RECORDS` in `scripts/room-keys.ts` unpacks them.
 */
import type { Argument } from './redis-calls.ts'

/** '' if there are none. */
export function packed(fields: readonly Argument[]): Buffer | '' {
  if (fields.length === 0) return ''
  const texts = fields.map((field) => (typeof field === 'number' ? String(field) : field))
  const sizes = texts.map((field) => Buffer.byteLength(field))
  // Not of the pool: a call may be kept for long.
  const all = Buffer.allocUnsafeSlow(sizes.reduce((sum, size) => sum + 4 + size, 0))
  let at = 0
  for (const [index, field] of texts.entries()) {
    const size = sizes[index] ?? 0
    at = all.writeUInt32BE(size, at)
    if (typeof field === 'string') all.write(field, at)
    else all.set(field, at)
    at += size
  }
  return all
}
