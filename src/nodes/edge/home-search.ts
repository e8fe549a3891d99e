/**
 * The search for the home of a room: one try after another, ever later, as long as somebody waits for it. A peer that
 * wants in hears why it cannot as soon as that is known; those that were in the room before wait on. `edge-room.ts` owns
 * one and says what a try is.
 */
import type { Clock } from '../../clock.ts'
import { Refusal, RoomError, refusalOf } from '../../errors.ts'
import type { Random } from '../../random.ts'
import { within } from '../../within.ts'
import type { NodeId } from '../link-message.ts'
import { Elsewhere } from '../ownership.ts'
import { HomeOver } from './home-over.ts'
import type { RoomHome } from './room-home.ts'

/** Between two tries, at first and at most; each is drawn between half of it and all. */
const PAUSE_MS = { first: 25, most: 1000 }
/** How long a newcomer waits. */
const NEWCOMER_MS = 5000

export interface HomeSearchParts {
  readonly clock: Clock
  readonly random: Random
  /** Finds the home, and brings to it those that have none. `hint`: where it is said to be. */
  readonly attempt: (hint: NodeId | undefined) => Promise<RoomHome>
  /** An attempt has failed. Returns whether to go on for those that were in the room before. */
  readonly failed: (error: unknown) => boolean
  /** Nobody waits any more. */
  readonly ended: () => void
}

export class HomeSearch {
  readonly #parts: HomeSearchParts
  readonly #newcomers = new Set<PromiseWithResolvers<RoomHome>>()
  #isRunning = false
  #isHeld = false
  #isNeeded = false
  #hint: NodeId | undefined
  #wake: (() => void) | undefined

  constructor(parts: HomeSearchParts) {
    this.#parts = parts
  }

  get isRunning(): boolean {
    return this.#isRunning
  }

  /** Resolves with the home. Rejects with a `Refusal`, within 5 s. */
  wait(): Promise<RoomHome> {
    const newcomer = Promise.withResolvers<RoomHome>()
    this.#newcomers.add(newcomer)
    this.#begin()
    const found = within(this.#parts.clock, NEWCOMER_MS, newcomer.promise, () => {
      throw notFound()
    })
    return found.finally(() => this.#newcomers.delete(newcomer))
  }

  /** Searches for those that were in the room before. */
  start(): void {
    this.#isNeeded = true
    this.#begin()
  }

  /** The room is said to be there. */
  look(hint: NodeId | undefined): void {
    this.#hint = hint
    this.#wake?.()
  }

  /** The room is about to move: it is no use to look for it before `release`. */
  hold(): void {
    this.#isHeld = true
  }

  release(): void {
    this.#isHeld = false
    this.#wake?.()
  }

  #begin(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    // Not within what the room does when it goes.
    this.#parts.clock.soon(() => void this.#run())
  }

  async #run(): Promise<void> {
    let pauseMs = PAUSE_MS.first
    while (this.#isNeeded || this.#newcomers.size > 0) {
      const hint = this.#hint
      this.#hint = undefined
      if (this.#isHeld) await this.#pause(NEWCOMER_MS)
      else if (await this.#try(hint)) break
      else if (this.#hint === undefined) {
        await this.#pause(pauseMs * (1 + this.#parts.random.fraction()) * 0.5)
        pauseMs = Math.min(PAUSE_MS.most, pauseMs * 2)
      }
    }
    this.#isRunning = false
    this.#parts.ended()
  }

  async #try(hint: NodeId | undefined): Promise<boolean> {
    try {
      // Before the attempt: who loses the home while it is found starts the search anew.
      this.#isNeeded = false
      const home = await this.#parts.attempt(hint)
      for (const { resolve } of this.#newcomers) resolve(home)
      this.#newcomers.clear()
      return !this.#isNeeded
    } catch (error) {
      if (error instanceof HomeOver) this.#hint ??= error.to
      const refusal = finalRefusal(error)
      if (refusal) for (const { reject } of this.#newcomers) reject(refusal)
      this.#isNeeded = this.#parts.failed(error)
      return false
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.after(ms, resolve)
      this.#wake = () => {
        this.#wake = undefined
        cancel()
        resolve()
      }
    })
  }
}

/** Why nobody is let in, if it is no use to look for the room elsewhere. */
function finalRefusal(error: unknown): Refusal | undefined {
  if (error instanceof Elsewhere) return undefined
  if (error instanceof Refusal) return error
  return error instanceof RoomError ? refusalOf(error, false) : undefined
}

function notFound(): Refusal {
  const message = 'the node that has this room cannot be reached now; try again later'
  return new Refusal(503, 'unavailable', message, { 'Retry-After': '1' })
}
