/**
 * A link in memory: an edge and an owner hear copies of what the other says, at once or when the test lets them, until it
 * is cut. What is said in one direction arrives in its order.
 */
import type { Clock } from '../../src/clock.ts'
import type { OwnerLink } from '../../src/nodes/edge/remote-home.ts'
import type { LinkListener } from '../../src/nodes/link.ts'
import { readBatch } from '../../src/nodes/link-batch.ts'
import { failureOf, thrownBy } from '../../src/nodes/link-failure.ts'
import type { LinkMessage, NodeId, ToEdge, ToOwner } from '../../src/nodes/link-message.ts'
import type { EdgeLink } from '../../src/nodes/owner/guest-link.ts'
import { PendingAsks, unavailable } from '../../src/nodes/pending-asks.ts'
import { copyOf } from './made-up-channel.ts'

export class CoupledLink implements EdgeLink {
  readonly node = 'edge'
  waitingBytes = 0
  isOver = false
  /** As the edge has it. */
  readonly edge: OwnerLink
  /** What each side has said. */
  readonly toOwner: LinkMessage[] = []
  readonly toEdge: LinkMessage[] = []
  /** Whether a direction waits for `flow`. */
  readonly holds = { toOwner: false, toEdge: false }
  /** It is cut instead of saying this: the so many-th message of a direction. */
  cutAt: { readonly way: 'toOwner' | 'toEdge'; readonly count: number; readonly moves: () => unknown } | undefined
  readonly #held = { toOwner: [] as LinkMessage[], toEdge: [] as LinkMessage[] }
  readonly #asks: PendingAsks
  #atEdge: LinkListener | undefined
  #atOwner: LinkListener | undefined

  constructor(clock: Clock, owner: NodeId) {
    this.#asks = new PendingAsks(clock)
    const isOver = () => this.isOver
    const waitingBytes = () => this.waitingBytes
    this.edge = {
      node: owner,
      get isOver() {
        return isOver()
      },
      get waitingBytes() {
        return waitingBytes()
      },
      send: (message) => this.#say('toOwner', message),
      askWith: (message, shape, ms = 5000) => {
        if (this.isOver) return Promise.reject(unavailable('the link is over'))
        return this.#asks.ask((ask) => this.#say('toOwner', message(ask)), shape, ms)
      },
    }
  }

  connect(atEdge: LinkListener, atOwner: LinkListener): void {
    this.#atEdge = atEdge
    this.#atOwner = atOwner
  }

  /** The owner says it. */
  send(message: LinkMessage): void {
    this.#say('toEdge', message)
  }

  answer(ask: number, answering: () => unknown): void {
    void (async () => {
      try {
        this.send({ op: 'answer', ask, value: await answering() })
      } catch (error) {
        this.send(failureOf(ask, error) ?? { op: 'failed', ask })
      }
    })()
  }

  close(): void {
    this.cut()
  }

  /** What was held arrives. */
  flow(): void {
    for (const way of ['toOwner', 'toEdge'] as const) {
      this.holds[way] = false
      for (const message of this.#held[way].splice(0)) this.#arrive(way, message)
    }
  }

  cut(): void {
    if (this.isOver) return
    this.isOver = true
    this.#asks.failAll()
    this.#atEdge?.over('cut')
    this.#atOwner?.over('cut')
  }

  #say(way: 'toOwner' | 'toEdge', message: LinkMessage): void {
    if (this.isOver) return
    const { cutAt } = this
    if (cutAt?.way === way && this[way].length === cutAt.count) {
      cutAt.moves()
      this.cut()
      return
    }
    const copy = copyOf(message)
    this[way].push(copy)
    if (this.holds[way]) this.#held[way].push(copy)
    else this.#arrive(way, copy)
  }

  /** These bytes come from the other side, as from another version: what cannot be read or taken ends the link. */
  mistake(way: 'toOwner' | 'toEdge', bytes: Buffer): unknown {
    try {
      for (const message of readBatch(bytes)) this.#arrive(way, message)
      return undefined
    } catch (error) {
      this.cut()
      return error
    }
  }

  #arrive(way: 'toOwner' | 'toEdge', message: LinkMessage): void {
    if (this.isOver) return
    if (message.op === 'answer') this.#asks.answer(message.ask, message.value)
    else if (message.op === 'failed') this.#asks.fail(message.ask, thrownBy(message))
    else if (way === 'toOwner') this.#atOwner?.message(message as ToOwner)
    else this.#atEdge?.message(message as ToEdge)
  }
}
