/**
 * The kinds of values in `rooms.json`, each with its error message: durations, sizes, whole numbers, rates, lists,
 * origins. `schema.ts` and `auth-settings.ts` use them.
 */
import { z } from 'zod'
import { LONGEST_TIMER_MS } from '../clock.ts'
import { bytes, bytesText, duration, durationText } from '../units.ts'
import { listedOrigin } from './listed-origin.ts'

/** `text`: the bounds in words. The message shows the value as people write it, not in milliseconds. */
export const durationWithin = (minMs: number, maxMs: number, text: string) =>
  duration.refine((ms) => ms >= minMs && ms <= maxMs, {
    error: ({ input }) => `expected a duration from ${text}, got ${quoted(durationText(Number(input)))}`,
  })
export const durationFrom = (minMs: number, text: string) => durationWithin(minMs, LONGEST_TIMER_MS, `${text} to 24d`)
export const bytesUpTo = (maxBytes: number, text: string) =>
  bytes.refine((count) => count >= 1 && count <= maxBytes, {
    error: ({ input }) => `expected a size from 1B to ${text}, got ${quoted(bytesText(Number(input)))}`,
  })
const quoted = (text: string) => (text === '0' ? text : `"${text}"`)
export const whole = (min: number, max: number) => {
  const error = `expected a whole number from ${min} to ${max}`
  return z.int(error).min(min, error).max(max, error)
}
export const flag = z.boolean('expected true or false')
export const text = (expected: string) => z.string(expected).min(1, expected)
export const list = <T extends z.ZodType>(item: T, expected: string) => z.array(item, expected)
export const section = <S extends z.ZodRawShape>(shape: S) => z.strictObject(shape, { error: objectExpected })

/** A language as in the `lang` of a page (BCP 47): `en`, `zh-CN`. */
const LANGUAGE = 'expected a language such as "en" or "zh-CN"'
const language = z.string().regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, LANGUAGE)
/** A text, or one per language. */
export const byLanguage = <T extends z.ZodType<string>>(item: T, expected: string) =>
  z.union(
    [item, z.record(language, item).refine((texts) => Object.keys(texts).length > 0, 'expected at least one language')],
    { error: ({ input }) => (typeof input === 'string' ? undefined : expected) },
  )

/** Only for a wrong type: an unknown key keeps its own message. */
export function objectExpected(issue: z.core.$ZodRawIssue): string | undefined {
  return issue.code === 'invalid_type' ? 'expected an object {…}' : undefined
}

const origin = z.string('expected an origin such as "https://example.org"').transform((text, context) => {
  try {
    return listedOrigin(text)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    context.issues.push({ code: 'custom', message: error.message, input: text })
    return z.NEVER
  }
})
export const origins = z
  .union([z.literal('same'), z.literal('*'), z.array(origin)], {
    error: `expected "same", "*" or a list of origins such as ["https://example.org"]`,
  })
  .prefault('same')
  .describe(
    'Which web pages of other sites may use it: "same" (none), "*" (all), or a list of origins, in which "*" stands for one or more labels.',
  )

export const rate = (perSecond: number, burst: number, words: string) =>
  section({
    perSecond: z
      .number('expected a number above 0')
      .positive('expected a number above 0')
      .max(1e6, 'expected at most 1000000')
      .default(perSecond)
      .describe('How many each second, over time.'),
    burst: whole(1, 1e6).default(burst).describe('How many at once.'),
  })
    .prefault({})
    .describe(words)
