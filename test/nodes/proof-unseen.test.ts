/** A node that is cut off from Redis before it has seen another beat, though it has heard one over a link. */
import { expect, it } from 'vitest'
import { Proof } from '../../src/nodes/proof.ts'

const NOBODY = { living: () => [], isSilent: () => false }

it('has no proof 10 s after its last beat: the other may have Redis, and its rooms', () => {
  let nowMs = 0
  const proof = new Proof({ monotonic: () => nowMs, others: NOBODY })
  proof.answered(0)
  proof.heard('other', 100)
  for (; nowMs < 10_000; nowMs += 1000) proof.tick()
  expect(proof.holds).toBe(false)
})

it('has proof for as long as Redis is away, if there was never another', () => {
  let nowMs = 0
  const proof = new Proof({ monotonic: () => nowMs, others: NOBODY })
  proof.answered(0)
  for (; nowMs < 60_000; nowMs += 1000) proof.tick()
  expect(proof.holds).toBe(true)
})
