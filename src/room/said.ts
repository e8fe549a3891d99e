/**
 * Frames that the room's code sends without keeping them: to one peer, or to all. They leave with the step that said
 * them (`step.ts`), through the peers' subscribers.
 */
import type { Audience } from '../delivery/audience.ts'
import type { Frame } from '../delivery/frame.ts'
import type { Subscriber } from '../delivery/subscriber.ts'
import type { Said } from './step.ts'

/** A peer, on its connection of now: it may have reconnected since something was said. */
interface Target {
  readonly subscriber: Subscriber
  write(frame: Frame): void
}

export class FrameToPeer implements Said {
  readonly #peer: Target
  readonly #frame: Frame

  constructor(peer: Target, frame: Frame) {
    this.#peer = peer
    this.#frame = frame
  }

  get size(): number {
    return this.#frame.length
  }

  send(): void {
    this.#peer.write(this.#frame)
  }
}

export class FrameToAll implements Said {
  readonly #audience: Audience
  readonly #frame: Frame
  readonly #except: Target | undefined

  constructor(audience: Audience, frame: Frame, except: Target | undefined) {
    this.#audience = audience
    this.#frame = frame
    this.#except = except
  }

  get size(): number {
    return this.#frame.length
  }

  send(): void {
    this.#audience.deliver(this.#frame, this.#except?.subscriber)
  }
}
