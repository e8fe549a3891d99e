/**
 * Durations and sizes in text: `"5s"`, `"10m"`, `"64KiB"`. `config/schema.ts` and the `options` of room modules parse
 * them; `cli/check.ts` prints them.
 */
import { z } from 'zod'

const MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const BYTES = { B: 1, KB: 1000, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** A zod schema: `"5s"` (also `ms`, `m`, `h`, `d`) or a number of ms → ms. */
export const duration = unit(MS, 'a duration such as "500ms", "5s", "10m", "2h", "7d"')

/** A zod schema: `"64KiB"` (also `B`, `KB`, `MB`, `GB`, `MiB`, `GiB`) or a number of bytes → bytes. */
export const bytes = unit(BYTES, 'a size such as "512B", "64KiB", "1MiB"')

/** Milliseconds in the largest unit that leaves a whole number: `"7d"`. */
export function durationText(ms: number): string {
  return inLargest(ms, MS)
}

/** Bytes in the largest binary unit that leaves a whole number: `"64KiB"`. */
export function bytesText(count: number): string {
  return inLargest(count, { B: BYTES.B, KiB: BYTES.KiB, MiB: BYTES.MiB, GiB: BYTES.GiB })
}

function unit<U extends Record<string, number>>(units: U, expected: string) {
  const pattern = new RegExp(`^\\d+(\\.\\d+)?\\s*(${Object.keys(units).join('|')})$`)
  const text = z
    .string()
    .regex(pattern, `expected ${expected}`)
    .transform((text) => Math.round(Number.parseFloat(text) * (units[text.replace(/^[\d.\s]+/, '')] ?? Number.NaN)))
    .refine(Number.isSafeInteger, `expected ${expected}`)
  return z.union([text, z.int().nonnegative()], `expected ${expected}`)
}

function inLargest(count: number, units: Record<string, number>): string {
  const [name, size] = Object.entries(units).findLast(([, size]) => count >= size && count % size === 0) ?? ['', 1]
  return count === 0 ? '0' : `${count / size}${name}`
}
