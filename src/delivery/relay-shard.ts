/**
 * The subscribers of a room's audience that are reached over one relay. What waits for the next flush is one list: each
 * frame for all is in it once, however many they are, with the frames for one subscriber alone and the arrivals in between.
 * `audience.ts` schedules it, like the other shards.
 */
import type { Flushable } from './flush-queue.ts'
import type { Frame } from './frame.ts'
import type { Backlog } from './pressure.ts'
import type { Relay } from './relay.ts'
import { Subscriber, type SubscriberShard } from './subscriber.ts'

/** What it needs of its audience. */
export interface RelayShardOwner {
  /** It has something to hand over. `shared`: frames for all, which may wait for more. */
  schedule(shard: Flushable, shared: boolean): void
  /** It was flushed. `enqueuedMs`: when it was enqueued (monotonic). */
  flushed(enqueuedMs: number, deliveries: number): void
  /** A write for this subscriber failed. */
  failed(subscriber: Subscriber, error: unknown): void
  noteBacklog(backlog: Backlog): void
  /** Its last subscriber has left. */
  emptied(relay: Relay): void
}

type Item =
  | { readonly frame: Frame; readonly except: Subscriber | undefined; readonly to?: undefined }
  /** A frame for one alone; `undefined`: it arrives. */
  | { readonly frame: Frame | undefined; readonly to: Subscriber }

export class RelayShard implements SubscriberShard, Flushable {
  readonly #audience: RelayShardOwner
  readonly #relay: Relay
  #items: Item[] = []
  #count = 0
  #isScheduled = false
  enqueuedMs = 0

  constructor(audience: RelayShardOwner, relay: Relay) {
    this.#audience = audience
    this.#relay = relay
  }

  get isEmpty(): boolean {
    return this.#count === 0
  }

  add(subscriber: Subscriber): void {
    subscriber.shard = this
    this.#count += 1
    this.#push({ frame: undefined, to: subscriber }, false)
  }

  /** What waits for it is dropped. */
  remove(subscriber: Subscriber): void {
    subscriber.shard = undefined
    this.silence(subscriber)
    this.#count -= 1
    if (!this.isEmpty) return
    release(this.#items)
    this.#items = []
    this.#audience.emptied(this.#relay)
  }

  silence({ wire }: Subscriber): void {
    if (wire.relayed) this.#relay.leave(wire.relayed.session)
  }

  /** A frame for all of them. */
  push(frame: Frame, except: object | undefined): void {
    frame.retain()
    const one = except instanceof Subscriber && except.shard === this ? except : undefined
    this.#push({ frame, except: one }, true)
  }

  direct(subscriber: Subscriber, frame: Frame): void {
    this.#push({ frame, to: subscriber }, this.#items.length > 0)
  }

  #push(item: Item, shared: boolean): void {
    this.#items.push(item)
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#audience.schedule(this, shared)
  }

  flush(): void {
    this.#isScheduled = false
    if (this.#handOver()) this.#audience.flushed(this.enqueuedMs, 0)
  }

  /** All that waits is handed over: the others lose nothing by it. */
  flushSubscriber(): void {
    this.#handOver()
  }

  /** Returns whether there was anything. */
  #handOver(): boolean {
    const items = this.#items
    if (items.length === 0) return false
    this.#items = []
    for (const item of items) {
      if (item.to) this.#handToOne(item.to, item.frame)
      else this.#relay.sendToAll(item.frame, item.except?.wire.relayed?.session)
    }
    this.#relay.flush()
    release(items)
    const { backlog } = this.#relay
    if (backlog.waiting > 0) this.#audience.noteBacklog(backlog)
    return true
  }

  /** A failure ends this subscriber alone. */
  #handToOne(subscriber: Subscriber, frame: Frame | undefined): void {
    // It has left meanwhile, or misses a frame already.
    if (subscriber.shard !== this || subscriber.isCut) return
    try {
      if (frame) subscriber.writeFrames([frame])
      else if (subscriber.wire.relayed) this.#relay.enter(subscriber.wire.relayed.session)
    } catch (error) {
      this.#audience.failed(subscriber, error)
    }
  }
}

/** The edge counts what it delivers. */
function release(items: readonly Item[]): void {
  for (const { to, frame } of items) if (!to) frame.release()
}
