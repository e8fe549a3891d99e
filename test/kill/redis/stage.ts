/**
 * A server on a Redis that fails, and everyone who uses its room meanwhile: speakers over WebSockets and by POST, listeners
 * over WebSockets and event streams, readers of pages, and a room beside it in which nothing is kept.
 */
import { expect } from 'vitest'
import { type Client, connect } from '../../support/client.ts'
import { patiently } from '../../support/patience.ts'
import { RedisServer } from '../../support/redis.ts'
import { redisContents } from '../../support/redis-contents.ts'
import { RedisRelay } from '../../support/redis-relay.ts'
import { check } from '../checker.ts'
import { Recorder } from '../recorder.ts'
import { Subscriber } from '../subscriber.ts'
import { Victim } from '../victim.ts'
import { ackedMs, isTold, longestGap, ofCounts, sinceTold } from './judgements.ts'
import { PostSpeaker, SocketSpeaker, type Speaker, type Try } from './speakers.ts'
import { StreamListener } from './stream-listener.ts'

const SOCKETS = 3
const POSTS = 2
const LISTENERS = 3
const STREAMS = 2
const WAVE_MS = 50
const READ_MS = 100
/** An ack of before the fault may still be on its way. */
const GRACE_MS = 100

/** What was seen from outside. */
export interface Outcome {
  /** Promises that did not hold; each a line. */
  readonly anomalies: readonly string[]
  readonly acked: number
  /** Of these said more than once. */
  readonly retried: number
  readonly duplicates: number
  /** The longest time until an answer, in ms. */
  readonly longestMs: number
  /** Whose connection ended before their answer. */
  readonly cut: number
  /** From the end of the fault until everyone who speaks had an ack. */
  readonly recoveryMs: number
  /** Acknowledged before the fault, and not in the log. */
  readonly lost: number
  /** How many listeners were told that something is missing. */
  readonly told: number
  /** Pages that could not be read, and how many were. */
  readonly failedReads: number
  readonly reads: number
  /** The longest silence of who waves, which is not kept, in ms: in this room, and in one in which nothing is kept. */
  readonly silenceMs: number
  readonly silenceBesideMs: number
  readonly kept: readonly string[]
}

export class FaultStage {
  readonly redis: RedisServer
  readonly relay: RedisRelay
  readonly victim: Victim
  readonly #recorder = new Recorder()
  readonly #speakers: Speaker[] = []
  readonly #listeners: { leave(): void }[] = []
  /** When waves were heard, by the path of the room. */
  readonly #waves = new Map<string, number[]>()
  #reads = 0
  #failedReads = 0
  #faultEndMs = 0
  #ends: (() => void)[] = []

  private constructor(redis: RedisServer, relay: RedisRelay, victim: Victim) {
    this.redis = redis
    this.relay = relay
    this.victim = victim
  }

  static async make(command: string): Promise<FaultStage> {
    const redis = await RedisServer.start(command, { 'busy-reply-threshold': '500' })
    const relay = await RedisRelay.to(redis.port)
    const victim = await Victim.make(undefined, 'redis/room.ts', redis, relay.url)
    await victim.start()
    return new FaultStage(redis, relay, victim)
  }

  /** Everyone begins. Resolves when the first messages are acknowledged. */
  async begin(): Promise<void> {
    const url = `${this.victim.url}room`
    for (let n = 1; n <= LISTENERS; n += 1)
      this.#listeners.push(new Subscriber(this.victim.url, this.#recorder.listener(`listener ${n}`)))
    for (let n = 1; n <= STREAMS; n += 1)
      this.#listeners.push(new StreamListener(url, this.#recorder.listener(`stream ${n}`)))
    for (let n = 1; n <= SOCKETS; n += 1) this.#speakers.push(new SocketSpeaker(url, `w${n}`))
    for (let n = 1; n <= POSTS; n += 1) this.#speakers.push(new PostSpeaker(url, `p${n}`))
    for (const speaker of this.#speakers) speaker.begin()
    await this.#wave('room')
    await this.#wave('r/beside')
    this.#read(url)
    await this.acked(100)
  }

  get listeners(): number {
    return this.#listeners.length
  }

  /** The offset after the newest event, as who reads pages has it. */
  async newestOffset(): Promise<string> {
    const page = await fetch(`${this.victim.url}room?offset=now`)
    return page.headers.get('Stream-Next-Offset') ?? ''
  }

  /** What a read of the page after this offset is answered. */
  async statusOf(offset: string): Promise<number> {
    return (await fetch(`${this.victim.url}room?offset=${offset}`)).status
  }

  /** Kills the server, and starts another, which has said nothing yet. */
  async restartServer(): Promise<void> {
    await this.victim.kill()
    await this.victim.start()
  }

  /** Resolves when so many more messages are acknowledged. */
  async acked(more: number): Promise<void> {
    const target = this.#acked + more
    await expect.poll(() => this.#acked, { interval: 20 }).toBeGreaterThanOrEqual(target)
  }

  /** Does something to Redis, and waits until all goes on. */
  async fault(provoke: () => Promise<void>): Promise<void> {
    await provoke()
    this.#faultEndMs = performance.now()
    await expect
      .poll(() => Math.max(...this.#speakers.map((one) => this.#firstAck(one))) < Infinity, { interval: 20 })
      .toBe(true)
    await this.acked(100)
  }

  /** Lets all be answered and heard, ends the server, and judges. `isLossy`: what was kept before may be lost. */
  async judge(isLossy = false): Promise<Outcome> {
    await patiently(Promise.all(this.#speakers.map((speaker) => speaker.rest())), 'the last acks')
    const isLost = (tries: readonly Try[]) => isLossy && ackedMs(tries) < this.#faultEndMs + GRACE_MS
    const repeated = await Promise.all(this.#speakers.map((speaker) => speaker.repeat(isLost)))
    const contents = await redisContents(this.redis)
    await this.#recorder.until('everyone to hear the last event', () => this.#recorder.haveAllHeard(contents.seq))
    this.#end()
    await this.victim.end()
    const log = contents.events.map(({ seq, data }) => ({ seq, key: (data as { text: string }).text }))
    const inLog = new Set(log.map(({ key }) => key))
    const all = this.#speakers.flatMap((speaker) => [...speaker.tries])
    const lost = all.filter(([key, tries]) => isLost(tries) && !inLog.has(key)).map(([key]) => key)
    const said = this.#speakers.flatMap((speaker) => speaker.said).filter(({ key }) => !lost.includes(key))
    const { heard } = this.#recorder.history(log)
    const verdict = check({ said, heard: isLossy ? sinceTold(heard) : heard, log })
    const told = [...heard.values()].filter((frames) => frames.some(isTold)).length
    const tries = all.flatMap(([, tries]) => tries)
    return {
      anomalies: [...verdict.anomalies, ...contents.damage, ...ofCounts(contents), ...repeated.flat()],
      acked: all.filter(([, tries]) => ackedMs(tries) < Infinity).length,
      retried: all.filter(([, tries]) => tries.length > 1).length,
      duplicates: tries.filter(({ isDuplicate }) => isDuplicate).length,
      longestMs: Math.max(...tries.map(({ saidMs, endedMs }) => endedMs - saidMs)),
      cut: tries.filter(({ outcome }) => outcome === undefined).length,
      recoveryMs: Math.max(...this.#speakers.map((speaker) => this.#firstAck(speaker))) - this.#faultEndMs,
      lost: lost.length,
      told,
      failedReads: this.#failedReads,
      reads: this.#reads,
      silenceMs: longestGap(this.#waves.get('room')),
      silenceBesideMs: longestGap(this.#waves.get('r/beside')),
      kept: [...new Set(tries.flatMap(({ kept }) => kept ?? []))],
    }
  }

  async remove(): Promise<void> {
    this.#end()
    await this.victim.remove()
    await this.relay.close()
  }

  #end(): void {
    for (const end of this.#ends.splice(0)) end()
    for (const listener of this.#listeners) listener.leave()
    for (const speaker of this.#speakers) speaker.leave()
  }

  get #acked(): number {
    return this.#speakers.reduce((sum, { said }) => sum + said.filter(({ outcome }) => outcome === 'acked').length, 0)
  }

  /** When a message of this one was acknowledged that was said after the fault. */
  #firstAck(speaker: Speaker): number {
    const times = [...speaker.tries.values()].map(ackedMs).filter((ms) => ms > this.#faultEndMs)
    return Math.min(...times)
  }

  /** One who waves in a room, and notes when it hears itself. */
  async #wave(path: string): Promise<void> {
    const waver: Client = await connect(`${this.victim.url.replace('http', 'ws')}${path}?client=waver&offset=now`)
    const waves: number[] = []
    this.#waves.set(path, waves)
    const timer = setInterval(() => waver.send('wave', waves.length), WAVE_MS)
    const hear = async () => {
      for (;;) {
        await waver.next('waved')
        waves.push(performance.now())
      }
    }
    hear().catch(() => {})
    this.#ends.push(() => {
      clearInterval(timer)
      waver.terminate()
    })
  }

  /** Reads the newest page again and again. */
  #read(url: string): void {
    const timer = setInterval(async () => {
      const page = await fetch(`${url}?offset=-1&limit=5`).catch(() => undefined)
      this.#reads += 1
      if (!page?.ok) this.#failedReads += 1
      await page?.arrayBuffer().catch(() => {})
    }, READ_MS)
    this.#ends.push(() => clearInterval(timer))
  }
}
