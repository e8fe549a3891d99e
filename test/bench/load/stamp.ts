/**
 * The time a message was due, written into its text as `~` and twelve hex digits of microseconds, and read from what
 * comes back. One clock, since the generator is sender and receiver.
 */
import { MASK } from './frames.ts'

export const STAMP = '~000000000000'

const TILDE = 0x7e
const DIGITS = 12
const HEX = Buffer.from('0123456789abcdef')

/** Now, in whole microseconds since the process began. */
export function nowUs(): number {
  return Math.round(performance.now() * 1000)
}

/** Writes a time over the stamp of a masked frame. `at`: where the digits stand, `from`: where the payload begins. */
export function writeStamp(frame: Buffer, at: number, from: number, us: number): void {
  let rest = us
  for (let i = at + DIGITS - 1; i >= at; i -= 1) {
    frame[i] = (HEX[rest % 16] as number) ^ (MASK[(i - from) & 3] as number)
    rest = Math.floor(rest / 16)
  }
}

/** The time in the first stamp between `at` and `end`; `undefined` where there is none, or only a part. */
export function readStamp(bytes: Buffer, at: number, end: number): number | undefined {
  let i = at
  while (i < end && bytes[i] !== TILDE) i += 1
  if (i + DIGITS >= end) return undefined
  let us = 0
  for (const last = i + DIGITS; i < last; ) {
    i += 1
    const digit = bytes[i] as number
    us = us * 16 + (digit < 0x3a ? digit - 0x30 : digit - 0x57)
  }
  return us
}
