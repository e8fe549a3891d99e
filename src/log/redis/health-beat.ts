/**
 * Asks a Redis each second how it is: the `RedisHealth` that the log reads. What goes wrong, what is dangerous and when
 * it is over stands in the server's log once. `open.ts` starts it before the log.
 */
import type { Clock } from '../../clock.ts'
import type { RoomLogger } from '../../define.ts'
import { errorOf } from '../../thrown.ts'
import { within } from '../../within.ts'
import type { LogWarning } from '../log.ts'
import { type RedisAddress, showAddress } from './address.ts'
import type { RedisConnection } from './connection.ts'
import type { RedisHealth } from './health.ts'
import { type Judgement, judge } from './judgement.ts'
import { type RedisInfo, readInfo, SECTIONS, SETTINGS } from './redis-info.ts'
import { isRefusal, wordsOf } from './refusals.ts'

const BEAT_MS = 1000
/** A start waits so long for the first answer. */
const FIRST_MS = 3000

export interface BeatParts {
  readonly address: RedisAddress
  readonly connection: Pick<RedisConnection, 'masters' | 'trustReplicas' | 'isReady' | 'revive'>
  readonly clock: Clock
  readonly logger: RoomLogger
}

export class HealthBeat implements RedisHealth {
  trouble: string | undefined = 'Redis has not answered yet'
  kept: RedisHealth['kept'] = 'memory'
  runIds: readonly string[] = []
  warnings: readonly LogWarning[] = []
  wasReached = false
  readonly #parts: BeatParts
  failure = ''
  /** Since when there is no connection. */
  #awaySinceMs: number | undefined
  /** When the question was sent that has no answer yet. */
  #askedAtMs: number | undefined
  /** The reason that was logged of the trouble that lasts; `''`: it was logged without one. */
  #logged: string | undefined
  #isEnded = false
  #stop = () => {}
  /** Until the first answer or refusal. */
  readonly #first = Promise.withResolvers<void>()

  constructor(parts: BeatParts) {
    this.#parts = parts
    // Nobody waits for it any more after a start without Redis.
    this.#first.promise.catch(() => {})
  }

  /**
   * Begins to beat. Rejects with what must be mended if Redis is there and cannot be used. One that does not answer is no
   * reason not to start: it is asked while the server runs.
   */
  async start(): Promise<void> {
    const { clock } = this.#parts
    this.#stop = clock.every(BEAT_MS, () => void this.#beat())
    void this.#beat()
    await within(clock, FIRST_MS, this.#first.promise, () => {})
  }

  end(): void {
    this.#isEnded = true
    this.#stop()
  }

  /** The connection takes calls. */
  ready(): void {
    void this.#beat()
  }

  /** The connection has ended, or could not be made. A restart takes less than a beat, and is no trouble. */
  away(): void {
    this.kept = 'memory'
    this.#awaySinceMs ??= this.#parts.clock.monotonic()
    if (this.#parts.clock.monotonic() - this.#awaySinceMs >= BEAT_MS) this.#fall('Redis is not connected')
  }

  failed(error: Error): void {
    this.failure = wordsOf(error)
    if (isRefusal(error)) this.#first.reject(error)
    if (!this.#parts.connection.isReady) this.away()
  }

  async #beat(): Promise<void> {
    const { address, clock, connection } = this.#parts
    // A Redis that is frozen gets one question, not one each second.
    if (this.#askedAtMs !== undefined) {
      const silentMs = clock.monotonic() - this.#askedAtMs
      if (silentMs >= BEAT_MS) this.#fall(`Redis has not answered for ${Math.round(silentMs / 1000)} s`)
      return
    }
    connection.revive()
    this.#askedAtMs = clock.monotonic()
    try {
      const nodes = await Promise.all(connection.masters().map(ask))
      this.#answered(nodes, judge(nodes, address.kind))
    } catch (thrown) {
      const error = errorOf(thrown)
      if (isRefusal(error)) this.#first.reject(error)
      if (connection.isReady) this.#fall(`Redis does not say how it is: ${wordsOf(error)}`)
      else this.away()
    } finally {
      this.#askedAtMs = undefined
    }
  }

  #answered(nodes: readonly RedisInfo[], { refusal, trouble, kept, warnings }: Judgement): void {
    const { address, connection, logger } = this.#parts
    if (refusal !== undefined) this.#first.reject(new Error(refusal))
    const fault = refusal ?? trouble ?? (connection.isReady ? undefined : 'Redis is not connected')
    this.#warn(warnings)
    this.runIds = nodes.map(({ runId }) => runId)
    if (fault !== undefined) {
      this.#fall(fault)
      return
    }
    if (this.trouble !== undefined || kept !== this.kept)
      logger.info(
        { kept, redis: showAddress(address) },
        `${nodes[0]?.name} ${nodes[0]?.version} takes what is to be kept`,
      )
    connection.trustReplicas()
    this.trouble = undefined
    this.kept = kept
    this.wasReached = true
    this.failure = ''
    this.#awaySinceMs = undefined
    this.#logged = undefined
    this.#first.resolve()
  }

  #fall(trouble: string): void {
    this.kept = 'memory'
    this.trouble = trouble
    if (this.#isEnded || this.#logged || this.#logged === this.failure) return
    this.#logged = this.failure
    const why = this.failure === '' ? {} : { reason: this.failure }
    this.#parts.logger.error({ ...why, redis: showAddress(this.#parts.address) }, `nothing can be kept now: ${trouble}`)
  }

  #warn(warnings: readonly LogWarning[]): void {
    const known = new Set(this.warnings.map(({ kind }) => kind))
    for (const { kind, text } of warnings) if (!known.has(kind)) this.#parts.logger.warn({ kind }, text)
    this.warnings = warnings
  }
}

async function ask(say: ReturnType<RedisConnection['masters']>[number]): Promise<RedisInfo> {
  const [info, config] = await Promise.all([
    say('INFO', SECTIONS),
    // Many a service forbids it: then it is not known how well it keeps.
    say('CONFIG', ['GET', ...SETTINGS]).catch(() => undefined),
  ])
  return readInfo(info, config)
}
