/** The simulation of three nodes finds the mistakes that are planted in them, by one of its first seeds. */
import { expect, it } from 'vitest'
import { NODE_MISTAKES } from './node-mistakes.ts'
import { found } from './planted.ts'

it.each(Object.entries(NODE_MISTAKES))('%s: it is found', async (_, mistake) => {
  expect(await found(mistake, 3)).not.toEqual([])
})
