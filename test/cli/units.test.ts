/** Durations and sizes, read and written. */
import { describe, expect, it } from 'vitest'
import { bytes, bytesText, duration, durationText } from '../../src/units.ts'

describe('units', () => {
  it.each([
    ['0.5s', 500],
    ['90 m', 5_400_000],
    ['250ms', 250],
    ['2h', 7_200_000],
    [1500, 1500],
  ])('duration %j is %d ms', (written, ms) => {
    expect(duration.parse(written)).toBe(ms)
  })

  it.each([
    ['1.5KiB', 1536],
    ['2MB', 2_000_000],
    ['3B', 3],
    [4096, 4096],
  ])('size %j is %d bytes', (written, count) => {
    expect(bytes.parse(written)).toBe(count)
  })

  it.each(['5', '-5s', '5 weeks', 's', '', '1e3s', `${'9'.repeat(400)}s`, -1, 1.5, null])(
    '%j is neither',
    (written) => {
      expect(duration.safeParse(written).success).toBe(false)
      expect(bytes.safeParse(written).success).toBe(false)
    },
  )

  it('are written back in the largest that leaves a whole number', () => {
    expect([0, 500, 5000, 90_000, 604_800_000].map(durationText)).toEqual(['0', '500ms', '5s', '90s', '7d'])
    expect([1, 1000, 65_536, 1_048_576].map(bytesText)).toEqual(['1B', '1000B', '64KiB', '1MiB'])
  })
})
