/** Two nodes that are linked, and one that is cut off from Redis. */
import { expect } from 'vitest'
import { type BeatsStage, beatsStage, type StagedNode, tellEachOther } from './beats-stage.ts'

/** Two nodes that have run for a while, and are linked. */
export async function linked(): Promise<{ stage: BeatsStage; one: StagedNode; two: StagedNode; unlink: () => void }> {
  const stage = beatsStage()
  const [one, two] = [await stage.node(), await stage.node()]
  const unlink = tellEachOther([one, two], stage.clock)
  await stage.pass(5500)
  expect(one.beats.hasProof && two.beats.hasProof).toBe(true)
  return { stage, one, two, unlink }
}

/** This node does not reach Redis any more: nothing comes or goes. */
export function cut({ client }: StagedNode): void {
  client.pacing = () => ({ callMs: 'held', answerMs: 'held' })
}

/** It reaches it again, on another connection. */
export function mend({ client }: StagedNode): void {
  client.pacing = () => ({ callMs: 0, answerMs: 0 })
  client.cut()
}

/** Passes time and notes when proof ended. */
export async function proofEnds(stage: BeatsStage, { beats }: StagedNode, limitMs: number): Promise<number> {
  const begunMs = stage.clock.monotonic()
  while (beats.hasProof && stage.clock.monotonic() - begunMs < limitMs) await stage.pass(50)
  return stage.clock.monotonic() - begunMs
}
