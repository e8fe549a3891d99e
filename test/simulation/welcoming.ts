/** Which home of its room has welcomed a connection: what arrives there then goes to that home, unless the room is about to move. */
import type { SimWire } from './sim-wire.ts'

export class Welcoming {
  readonly #wire: () => SimWire
  readonly #isAboutToMove: () => boolean
  #welcomed: object | undefined

  constructor(wire: () => SimWire, isAboutToMove: () => boolean) {
    this.#wire = wire
    this.#isAboutToMove = isAboutToMove
  }

  /** Where the connection is now; `undefined`: nowhere, or there is but one node. */
  get home(): object | undefined {
    const session: object | undefined = this.#wire().session
    const home = session && 'home' in session ? session.home : undefined
    return typeof home === 'object' && home !== null ? home : undefined
  }

  /** Where a message goes that has arrived; `undefined`: it may wait. */
  get leadsTo(): object | undefined {
    const { home } = this
    return home === this.#welcomed && !this.#isAboutToMove() ? home : undefined
  }

  /** A welcome is written: within the join, as it may be. */
  welcomes(): void {
    queueMicrotask(() => {
      this.#welcomed = this.home
    })
  }
}
