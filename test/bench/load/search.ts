/**
 * The highest rate that a server sustains: nothing lost, nothing refused, p99 under the limit. Raises the rate until a
 * step fails, then halves the distance. A step that fails is tried once more, since one hiccup is no limit.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fleet } from './fleet.ts'
import type { Step } from './job.ts'
import type { Messages } from './message.ts'
import { runStep } from './step.ts'

const DRAIN_MS = 6000
const MAX_STEPS = 16
/** With latencies this far below the limit, the next step is a large one. */
const EASY = 0.3

export async function search(fleet: Fleet, messages: Messages): Promise<{ best: Step | undefined; steps: Step[] }> {
  const { limitMs, rate, seconds, closeEnough } = fleet.job
  const isGood = (step: Step) =>
    step.lost === 0 && step.doubled === 0 && step.refused === 0 && step.closed === 0 && step.p99Ms < limitMs
  const steps: Step[] = []
  const trial = async (rate: number): Promise<Step> => {
    const step = await runStep(fleet, messages, { rate, seconds, drainMs: DRAIN_MS })
    steps.push(step)
    await quiet(fleet, isGood(step) ? 50 : 300)
    if (fleet.live < fleet.job.peers) await fleet.open()
    return step
  }
  let low: Step | undefined
  let high: number | undefined
  let next = rate
  for (let i = 0; i < MAX_STEPS; i += 1) {
    let step = await trial(next)
    // A step that is far over its limit would be so again.
    if (!isGood(step) && step.p99Ms < 10 * limitMs) step = await trial(next)
    if (isGood(step)) low = step
    else high = next
    if (low && high && high / low.rate < closeEnough) break
    if (low && high) next = Math.sqrt(low.rate * high)
    else if (low) next *= low.p99Ms < EASY * limitMs ? 3 : 1.5
    else next /= 2
    if (next < 1) break
  }
  return { best: low, steps }
}

/** What was given up on may still come: it must not be counted to the next step. */
async function quiet({ tally }: Fleet, ms: number): Promise<void> {
  for (let reads = -1, i = 0; reads !== tally.reads && i < 20; i += 1) {
    reads = tally.reads
    await sleep(ms)
  }
}
