/**
 * A raw room: passes text and bytes to the author's handler as they came, and sends what the handler sends. It sends
 * nothing of its own, and keeps no messages. A peer over its rate is read more slowly.
 */

import type { RawDefinition, RawHandlers, RawRoom } from '../define.ts'
import { Frame } from '../delivery/frame.ts'
import type { Wire } from '../delivery/wire.ts'
import { Close } from '../errors.ts'
import { countExceeded } from '../tally.ts'
import { Call } from './call.ts'
import { mustBeHandlers } from './handlers.ts'
import type { JoinableRawRoom } from './open-room.ts'
import { LivePeer } from './peer.ts'
import { LiveRoom } from './room.ts'
import type { RoomParts, RoomSettings } from './room-parts.ts'
import type { Visitor } from './session.ts'

export class LiveRawRoom extends LiveRoom<LiveRawPeer, RawHandlers> implements RawRoom, JoinableRawRoom {
  readonly kind = 'raw'
  readonly #definition: RawDefinition
  readonly #options: unknown
  /** The author's handler, bound, since it may be a method. */
  #message: RawHandlers['message']

  /** `options`: as parsed by the module's schema. */
  constructor(
    parts: RoomParts,
    path: string,
    params: Record<string, string>,
    settings: RoomSettings,
    definition: RawDefinition,
    options?: unknown,
  ) {
    super(parts, path, params, settings, definition)
    this.#definition = definition
    this.#options = options
  }

  override receive(peer: LiveRawPeer, data: string | Uint8Array): void {
    if (peer.hasLeft) return
    const { clock } = this.parts
    this.tally.received += 1
    this.received += 1
    const { rate, waiting } = this.settings.limits
    if (!this.mayAct) {
      this.end(peer, Close.busy)
      return
    }
    if (peer.sequence.length >= waiting) {
      countExceeded(this.tally.exceeded, 'limits.waiting')
      this.end(peer, Close.busy)
      return
    }
    if (peer.sequence.isBusy) peer.sequence.run(() => (peer.isEnded ? undefined : this.#handle(peer, data)))
    else peer.sequence.follow(this.#handle(peer, data))
    const waitMs = peer.bucket.draw(rate, clock.monotonic())
    if (waitMs === 0) return
    countExceeded(this.tally.exceeded, 'limits.rate')
    // Its handler may have closed it.
    if (!peer.hasLeft) peer.subscriber.wire.rest(waitMs)
  }

  /** Like `HandlerCalls.call`, without a closure for each message. */
  #handle(peer: LiveRawPeer, data: string | Uint8Array): undefined | Promise<void> {
    const { calls } = this
    if (!this.#message) return undefined
    const call = new Call()
    try {
      const pending = calls.start(call, this.#message, peer, data)
      if (pending) {
        const ended = pending.then(
          () => calls.end(call),
          (error) =>
            call.isGivenUp ? calls.failedLate('message', error, peer.id) : this.failed('message', peer, error),
        )
        return calls.waitForCall(call, 'message', ended, peer.id)
      }
      calls.end(call)
    } catch (error) {
      this.failed('message', peer, error)
    }
    return undefined
  }

  broadcast(data: string | Uint8Array, to?: { except?: object | undefined }): void {
    const except = to?.except
    this.say(raw(data), except instanceof LiveRawPeer ? except : undefined)
  }

  protected override newPeer(visitor: Visitor, wire: Wire): LiveRawPeer {
    return new LiveRawPeer(visitor, wire, this, this.settings.limits.rate, this.parts.clock.monotonic())
  }

  protected override callOpen(): unknown {
    return this.#definition.open(this, this.#options)
  }

  protected override checkHandlers(handlers: unknown): RawHandlers {
    mustBeHandlers<RawHandlers>(handlers)
    this.#message = handlers.message?.bind(handlers)
    return handlers
  }

  protected override enter(peer: LiveRawPeer): undefined {
    this.audience.add(peer.subscriber)
  }
}

/** A peer of a raw room. */
export class LiveRawPeer extends LivePeer {
  send(data: string | Uint8Array): void {
    this.say(raw(data))
  }
}

/**
 * A frame of text or bytes. Bytes are copied, since they are written later and the author may reuse them.
 * Throws a `TypeError`, in the author's code, for anything else.
 */
function raw(data: string | Uint8Array): Frame {
  if (typeof data === 'string') return new Frame(undefined, data)
  if (data instanceof Uint8Array) return new Frame(undefined, Buffer.from(data))
  throw new TypeError(`expected a string or a Uint8Array to send, got ${typeof data}; pass it through JSON.stringify()`)
}
