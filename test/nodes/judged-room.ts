/** One room and everyone in it: who speaks, who listens, and in the end one judgement of what all of them saw. */
import { check } from '../kill/checker.ts'
import { Recorder } from '../kill/recorder.ts'
import { isTold, ofCounts } from '../kill/redis/judgements.ts'
import type { Speaker } from '../kill/redis/speakers.ts'
import { patiently } from '../support/patience.ts'
import type { RedisServer } from '../support/redis.ts'
import { redisContents } from '../support/redis-contents.ts'

export interface Judgement {
  /** Promises that did not hold; each a line. */
  readonly anomalies: readonly string[]
  /** How many listeners were told that something is missing. */
  readonly told: number
}

export class JudgedRoom {
  readonly path: string
  readonly recorder = new Recorder()
  readonly speakers: Speaker[] = []
  readonly listeners: { leave(): void }[] = []

  constructor(path: string) {
    this.path = path
  }

  get acked(): number {
    return this.speakers.reduce((sum, { said }) => sum + said.filter(({ outcome }) => outcome === 'acked').length, 0)
  }

  /** Lets all be answered and heard, and judges. */
  async judge(redis: RedisServer): Promise<Judgement> {
    await patiently(Promise.all(this.speakers.map((speaker) => speaker.rest())), `the last acks in ${this.path}`)
    const repeated = await Promise.all(this.speakers.map((speaker) => speaker.repeat(() => false)))
    const contents = await redisContents(redis, this.path)
    await this.recorder.until('everyone to hear the last event', () => this.recorder.haveAllHeard(contents.seq))
    this.leave()
    const log = contents.events.map(({ seq, data }) => ({ seq, key: (data as { text: string }).text }))
    const { heard } = this.recorder.history(log)
    const said = this.speakers.flatMap((speaker) => speaker.said)
    const { anomalies } = check({ said, heard, log })
    return {
      anomalies: [...anomalies, ...contents.damage, ...ofCounts(contents), ...repeated.flat()],
      told: [...heard.values()].filter((frames) => frames.some(isTold)).length,
    }
  }

  leave(): void {
    for (const one of [...this.speakers, ...this.listeners]) one.leave()
  }
}
