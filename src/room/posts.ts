/**
 * HTTP appends: the messages of one request, from a member or from an anonymous sender. `event-room.ts` owns it.
 * `exchanges.ts` handles the messages; `producers.ts` recognises the duplicates of a producer by its key.
 */
import type { Clock } from '../clock.ts'
import type { Wire } from '../delivery/wire.ts'
import { RoomError } from '../errors.ts'
import type { RoomLog } from '../log/log.ts'
import type { Exchanges } from './exchanges.ts'
import { notSureOf } from './message-refusals.ts'
import type { Posted, Posting } from './open-room.ts'
import type { LiveEventPeer } from './peer.ts'
import { mustBeInRate } from './post-rate.ts'
import { Producers } from './producers.ts'
import type { Message } from './protocol.ts'
import type { RoomSettings } from './room-parts.ts'

/** The wire of a sender to whom nothing is sent. */
export const NULL_WIRE: Wire = {
  encoding: { name: 'none', encode: () => Buffer.alloc(0) },
  waiting: 0,
  send() {},
  drained: () => undefined,
  rest() {},
  close() {},
  drop() {},
}

export interface PostsParts {
  readonly exchanges: Exchanges
  readonly roomLog: () => RoomLog
  readonly limits: RoomSettings['limits']
  readonly clock: Clock
  readonly received: (count: number) => void
  /** Whether this server may speak for the room. */
  readonly mayAct: () => boolean
}

export class Posts {
  readonly #parts: PostsParts
  readonly #producers: Producers
  /** What rejects the requests that wait. */
  readonly #waiting = new Set<(error: RoomError) => void>()

  constructor(parts: PostsParts) {
    this.#parts = parts
    this.#producers = new Producers(parts.roomLog)
  }

  /**
   * Handles the messages of a member, within its rate for all transports. Rejects with a `Refusal` or a `RoomError`.
   */
  async ofMember(peer: LiveEventPeer, messages: readonly Message[], how?: Posting): Promise<Posted> {
    const { limits, clock } = this.#parts
    mustBeInRate(peer, limits, clock.monotonic(), messages.length)
    return this.take(peer, messages, how)
  }

  /** Handles messages without a rate. Resolves when their events are kept; rejects with a `RoomError`. */
  take(peer: LiveEventPeer, messages: readonly Message[], how?: Posting): Promise<Posted> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject)
      const isDone = () => this.#waiting.delete(reject)
      this.#take(peer, messages, how).finally(isDone).then(resolve, reject)
    })
  }

  /** The room is over: the requests that wait are answered with this. */
  failAll(error: RoomError): void {
    for (const reject of this.#waiting) reject(error)
  }

  async #take(peer: LiveEventPeer, messages: readonly Message[], how: Posting = {}): Promise<Posted> {
    const { producerKey } = how
    if (!producerKey) return this.#handle(peer, messages, how)
    let posted: Posted | undefined
    const produced = await this.#producers.run(producerKey, async () => {
      posted = await this.#handle(peer, messages, { producerKey })
    })
    return { kept: this.#parts.roomLog().kept, ...posted, produced }
  }

  async #handle(peer: LiveEventPeer, messages: readonly Message[], how: Posting): Promise<Posted> {
    const { received, exchanges, mayAct } = this.#parts
    if (!mayAct()) throw notSureOf()
    received(messages.length)
    if (peer.isDismissed) throw new RoomError('unavailable', 'this room restarts, send it again')
    return exchanges.post(peer, messages, how)
  }
}
