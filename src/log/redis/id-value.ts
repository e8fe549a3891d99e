/**
 * What is kept under an id, in few bytes: the length of the hash, the hash, the seq as digits. Of a hash in base64url only
 * the beginning is kept, as the bytes it stands for. `commit-call.ts` writes it, `room-ids.ts` reads it.
 */
import type { StoredAnswer, StoredError } from '../log.ts'

/** Digits of base64url that are kept, a whole number of bytes. */
const DIGITS = 12
const IS_BYTES = 0x80
const LONGEST = 0x7f

export function idValue(hash: string, seq: number | undefined): Buffer {
  const isBytes = /^[\w-]{12,}$/.test(hash)
  const kept = isBytes ? hash.slice(0, DIGITS) : Buffer.from(hash).subarray(0, LONGEST)
  const digits = seq === undefined ? '' : String(seq)
  const length = typeof kept === 'string' ? (DIGITS * 3) / 4 : kept.length
  const value = Buffer.allocUnsafe(1 + length + digits.length)
  value[0] = length | (isBytes ? IS_BYTES : 0)
  if (typeof kept === 'string') value.write(kept, 1, 'base64url')
  else value.set(kept, 1)
  value.write(digits, 1 + length)
  return value
}

export function storedAnswer(value: Buffer, error: Buffer): StoredAnswer {
  const head = value[0] ?? 0
  const end = 1 + (head & LONGEST)
  const hash = value.subarray(1, end).toString(head & IS_BYTES ? 'base64url' : 'utf8')
  const seq = value.length > end ? Number(value.subarray(end).toString()) : undefined
  return error.length > 0 ? { hash, seq, error: storedError(error) } : { hash, seq }
}

/** A code and a message as they are kept. */
export function errorText({ code, message }: StoredError): string {
  return `${code} ${message}`
}

function storedError(text: Buffer): StoredError {
  const [, code = '', message = ''] = /^(\S*) (.*)$/s.exec(text.toString()) ?? []
  return { code, message }
}
