/** The simulation finds the mistakes that are planted in the log, by one of its first seeds. */
import { expect, it } from 'vitest'
import { MISTAKES } from './mistakes.ts'
import { found } from './planted.ts'

it.each(Object.entries(MISTAKES))('%s: it is found', async (_, mistake) => {
  expect(await found(mistake, 1)).not.toEqual([])
})
