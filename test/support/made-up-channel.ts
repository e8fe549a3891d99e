/**
 * One connection of the made-up network: two ends that send copies of messages to each other, each direction in its order.
 * A direction that is blocked holds what is sent, as TCP does, until it is healed or the connection is cut.
 */
import { Frame } from '../../src/delivery/frame.ts'
import type { LinkMessage, NodeId } from '../../src/nodes/link-message.ts'
import type { Channel, ChannelEvents } from '../../src/nodes/network.ts'
import type { Arrives, MadeUpNetwork } from './made-up-network.ts'

interface Side {
  readonly node: NodeId
  readonly arrives: Arrives
}

export interface Connection {
  /** Of who has dialled, and of who has accepted. */
  readonly ends: readonly [End, End]
  readonly isOver: boolean
  /** Ends it. */
  cut(): void
  /** A direction was healed. */
  flow(): void
}

export function connect(network: MadeUpNetwork, from: Side, to: Side, over: () => void): Connection {
  const near = new End(network, from, to)
  const far = new End(network, to, from)
  const ends = [near, far] as const
  for (const [end, other] of [ends, [far, near] as const]) {
    end.other = other
    end.whenOver = () => {
      if (near.isOver && far.isOver) over()
    }
  }
  return {
    ends,
    get isOver() {
      return near.isOver || far.isOver
    },
    cut() {
      near.end('cut')
      far.end('cut')
    },
    flow() {
      near.flow()
      far.flow()
    },
  }
}

export class End implements Channel {
  readonly node: NodeId
  /** The node that holds this end. */
  readonly owner: NodeId
  other: End | undefined
  whenOver = () => {}
  waitingBytes = 0
  isOver = false
  readonly #network: MadeUpNetwork
  readonly #side: Side
  readonly #held: { readonly message: LinkMessage; readonly bytes: number }[] = []
  /** What has arrived before it was opened. */
  readonly #early: (() => void)[] = []
  #events: ChannelEvents | undefined
  /** When the last of what is on its way arrives. */
  #dueMs = 0
  /** The other end is to hear that this one was closed. */
  #mustTell = false

  constructor(network: MadeUpNetwork, side: Side, other: Side) {
    this.#network = network
    this.#side = side
    this.owner = side.node
    this.node = other.node
  }

  open(events: ChannelEvents): void {
    this.#events = events
    for (const run of this.#early.splice(0)) run()
  }

  send(message: LinkMessage): void {
    if (this.isOver) return
    const bytes = bytesOf(message)
    this.waitingBytes += bytes
    this.#held.push({ message: copyOf(message), bytes })
    this.flow()
  }

  /** What is on its way arrives, unless the way is blocked. */
  close(): void {
    if (this.isOver) return
    this.end('closed')
    this.#mustTell = true
    this.flow()
  }

  /** It is over; its node hears of it when it runs. */
  end(reason: string): void {
    if (this.isOver) return
    this.isOver = true
    this.#held.length = 0
    this.whenOver()
    // Never within the call that ends it.
    this.#network.parts.after(0, () => this.#arrives(() => this.#events?.closed(reason), 'link over'), 'link over')
  }

  /** Sends what is held, unless the way is blocked. */
  flow(): void {
    if (this.#network.isBlocked(this.owner, this.node)) return
    for (const { message, bytes } of this.#held.splice(0)) {
      this.#inOrder(() => {
        this.waitingBytes -= bytes
        this.other?.arrived(message)
      }, `link ${message.op}`)
    }
    if (!this.#mustTell) return
    this.#mustTell = false
    this.#inOrder(() => this.other?.end('closed by the other side'), 'link close')
  }

  arrived(message: LinkMessage): void {
    if (!this.isOver) this.#arrives(() => !this.isOver && this.#events?.message(message), `link ${message.op}`)
  }

  #arrives(run: () => unknown, label: string): void {
    this.#side.arrives(() => {
      if (this.#events) run()
      else this.#early.push(run)
    }, label)
  }

  /** After a delay of its own, but not before what was sent earlier. */
  #inOrder(run: () => void, label: string): void {
    const { nowMs, after, delayMs } = this.#network.parts
    const now = nowMs()
    this.#dueMs = Math.max(this.#dueMs, now + delayMs(this.owner, this.node))
    after(this.#dueMs - now, run, label)
  }
}

function bytesOf(message: LinkMessage): number {
  if (message.op === 'receive') return 64 + message.data.length
  if (message.op !== 'items') return 64
  let bytes = 64
  for (const item of message.items) {
    if (item.to === 'all') bytes += item.frame.length
    else if (item.to === 'one') for (const frame of item.frames) bytes += frame.length
  }
  return bytes
}

/** As another process would have it. Throws for what is no plain data. */
export function copyOf<T>(value: T): T
export function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'function' || typeof value === 'symbol')
      throw new Error(`expected data, got a ${typeof value}`)
    return value
  }
  if (value instanceof Frame) {
    const { type, data, seq, time, answer, after } = value
    const frame = new Frame(type, copyOf(data), seq, time, answer && copyOf(answer))
    frame.after = after
    return frame
  }
  if (value instanceof Uint8Array) return Buffer.from(value)
  if (Array.isArray(value)) return value.map((item) => copyOf(item))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null)
    throw new Error(`expected plain data, got a ${value.constructor.name}`)
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copyOf(each)]))
}
