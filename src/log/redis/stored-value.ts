/** A value of a room's storage in Redis: a letter that says whether it is JSON text or bytes, then the value. */
import type { Stored } from '../log.ts'

export function valueBytes(value: Stored): Buffer {
  return typeof value === 'string' ? Buffer.from(`s${value}`) : Buffer.concat([Buffer.from('b'), value])
}

export function storedValue(bytes: Buffer): Stored {
  const value = bytes.subarray(1)
  // A copy: the reply's memory may be shared with others.
  return bytes[0] === 0x73 ? value.toString() : new Uint8Array(value)
}
