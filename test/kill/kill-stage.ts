/**
 * A server that is killed under load: publishers on the product's own client, subscribers on the bare wire, and a judge of
 * what was acknowledged, heard and kept. `kill.test.ts` has its log in a file, `redis-kill.test.ts` in Redis.
 */
import { expect } from 'vitest'
import type { RedisServer } from '../support/redis.ts'
import { check, type Verdict } from './checker.ts'
import { Crew } from './crew.ts'
import { Recorder } from './recorder.ts'
import { Victim } from './victim.ts'

const PUBLISHERS = 8
export const SUBSCRIBERS = 20

export class KillStage {
  readonly victim: Victim
  readonly recorder = new Recorder()
  #crew: Crew | undefined

  private constructor(victim: Victim) {
    this.victim = victim
  }

  /** `history`: what `rooms.json` says of the room's. `redis`: where the victim keeps its rooms. */
  static async make(history?: Record<string, unknown>, redis?: RedisServer): Promise<KillStage> {
    return new KillStage(await Victim.make(history, undefined, redis))
  }

  /** Starts the server, and then its clients. */
  async begin(start: (victim: Victim) => Promise<unknown> = (victim) => victim.start()): Promise<void> {
    await start(this.victim)
    this.#crew = new Crew(this.recorder, this.victim.url, PUBLISHERS, SUBSCRIBERS)
  }

  /** Until so many more messages are acknowledged. */
  async acked(more: number): Promise<void> {
    const target = this.recorder.acked + more
    await this.recorder.until(`${more} more acknowledged`, () => this.recorder.acked >= target)
  }

  /** Lets all be answered and heard, ends the server, and judges what happened. */
  async judge(): Promise<Verdict> {
    await this.#crew?.rest()
    await this.recorder.until('everyone to hear the last event', () => this.recorder.areAllThere)
    this.#crew?.leave()
    await this.victim.end()
    const { log, integrity } = await this.victim.read()
    expect(integrity).toBe('ok')
    return check(this.recorder.history(log))
  }

  /** Starts the server as it is, and judges what happened. */
  async mustHaveSurvived(): Promise<void> {
    await this.victim.start()
    await this.acked(50)
    const verdict = await this.judge()
    expect(verdict.anomalies).toEqual([])
    expect(verdict.told).toBe(0)
    expect(verdict.resumed).toBeGreaterThanOrEqual(SUBSCRIBERS)
  }

  /** What was acknowledged, heard and found, in a line. */
  summary({ acked, delivered, resumed, anomalies }: Verdict): string {
    const retried = `${this.recorder.duplicates} of them retries that had been handled`
    return `${acked} acknowledged (${retried}), ${delivered} delivered, ${resumed} resumes, ${anomalies.length} anomalies`
  }

  async remove(): Promise<void> {
    this.#crew?.leave()
    await this.victim.remove()
  }
}
