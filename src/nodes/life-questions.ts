/**
 * Asks a node through Redis whether it lives, after its link was refused: a firewall refuses too. No answer within 300 ms,
 * though Redis answers and both hear what is said there: its rooms may be taken. `beats.ts` owns it.
 */
import type { Clock } from '../clock.ts'
import { within } from '../within.ts'
import type { NodeId } from './link-message.ts'
import type { NodeChannels } from './node-channels.ts'
import { IN_TIME_MS, type Sightings } from './sightings.ts'

/** A node that lives answers within it. */
const ANSWER_MS = 300

export interface LifeParts {
  readonly clock: Clock
  readonly channels: NodeChannels
  readonly isDead: (id: NodeId) => boolean
  readonly sightings: Pick<Sightings, 'get' | 'counterOf' | 'silent'>
  /** A beat that is sent from now on; resolves with whether it was answered in time. */
  readonly beat: () => Promise<boolean>
}

export class LifeQuestions {
  readonly #parts: LifeParts
  readonly #asking = new Map<NodeId, Promise<boolean>>()

  constructor(parts: LifeParts) {
    this.#parts = parts
  }

  /** `false`: its rooms may be taken. What cannot be found out now is no reason to take them. */
  answers(id: NodeId): Promise<boolean> {
    const asking = this.#asking.get(id) ?? this.#ask(id).finally(() => this.#asking.delete(id))
    this.#asking.set(id, asking)
    return asking
  }

  async #ask(id: NodeId): Promise<boolean> {
    const { clock, channels, isDead, sightings, beat } = this.#parts
    if (isDead(id)) return false
    let isHere = false
    const answered = Promise.withResolvers<void>()
    const here = () => {
      isHere = true
      answered.resolve()
    }
    try {
      // What it was before its death may not be known yet.
      const [hears] = await Promise.all([this.#say(id, here), beat()])
      if (isDead(id)) return false
      // What does not hear cannot answer: its beats tell.
      if (sightings.get(id)?.hears !== true) return true
      const counter = sightings.counterOf(id)
      await within(clock, ANSWER_MS, answered.promise, () => {})
      if (isHere || !(await beat())) return true
      // After a pause of this process the answer may wait to be read.
      await new Promise<void>((resolve) => clock.soon(resolve))
      if (isHere || !hears() || sightings.counterOf(id) !== counter) return true
      sightings.silent(id, clock.monotonic())
      return false
    } catch {
      return true
    } finally {
      channels.unask(id)
    }
  }

  #say(id: NodeId, here: () => void): Promise<() => boolean> {
    const { clock, channels } = this.#parts
    return within(clock, IN_TIME_MS, channels.ask(id, here), () => {
      throw new Error('expected Redis to take a question within 1 s')
    })
  }
}
