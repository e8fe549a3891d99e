/**
 * A link to another node: it sends, asks and answers, tells the other side each second how Redis is, and is cut when the
 * other side is silent or does not read. `links.ts` opens links; what is neither a question nor an answer goes to the
 * listener: the edge's part of a link that was dialled, the owner's of one that was accepted.
 */
import type { z } from 'zod'
import type { Clock } from '../clock.ts'
import type { ErrorLogger } from '../guarded.ts'
import { pendingOf } from '../within.ts'
import { failureOf, thrownBy } from './link-failure.ts'
import type { LinkMessage, NodeId, ToEdge, ToOwner } from './link-message.ts'
import type { Channel, ChannelEvents } from './network.ts'
import { PendingAsks, unavailable } from './pending-asks.ts'
import type { Questions } from './questions.ts'
import type { Roster } from './roster.ts'
import { Silence, TICK_MS } from './silence.ts'

/** A link on which nothing was heard for so long is cut. */
const SILENT_MS = 3000
/** A link on which so much waits is cut. */
export const MAX_WAITING_BYTES = 64 * 1024 * 1024
/** A question is answered within this time, or not at all. */
const ANSWER_MS = 5000

/** What a link is for. */
export interface LinkListener {
  /** One that throws ends the link. */
  message(message: ToOwner | ToEdge): void
  /** Called once, after all its messages. MUST NOT throw. */
  over(reason: string): void
}

export interface LinkParts {
  readonly clock: Clock
  readonly roster: Pick<Roster, 'redisAgeMs' | 'heard' | 'ended'>
  readonly questions: Pick<Questions, 'read'>
  readonly logger: ErrorLogger
}

export class Link {
  readonly node: NodeId
  /** Resolves when it is over, with the reason. */
  readonly whenOver: Promise<string>
  readonly #parts: LinkParts
  readonly #channel: Channel
  readonly #asks: PendingAsks
  readonly #silence: Silence
  readonly #endTicks: () => void
  readonly #resolveOver: (reason: string) => void
  #listener: LinkListener | undefined
  #isEnding = false
  #isOver = false
  /** Why this side has closed it. */
  #reason: string | undefined

  constructor(parts: LinkParts, channel: Channel) {
    this.#parts = parts
    this.#channel = channel
    this.node = channel.node
    this.#asks = new PendingAsks(parts.clock)
    this.#silence = new Silence(parts.clock)
    const { promise, resolve } = Promise.withResolvers<string>()
    this.whenOver = promise
    this.#resolveOver = resolve
    this.#endTicks = parts.clock.every(TICK_MS, () => this.#tick())
    this.#sendStatus()
  }

  /** Says who gets its messages, before any has come. Returns what the channel calls. */
  hearWith(listener: LinkListener): ChannelEvents {
    this.#listener = listener
    return {
      message: (message) => this.#message(message),
      closed: (reason, mistake) => {
        if (mistake)
          this.#parts.logger.error({ err: mistake, node: this.node }, 'what another node said could not be read')
        this.end(this.#reason ?? reason)
      },
    }
  }

  /** Nothing is sent any more. */
  get isOver(): boolean {
    return this.#isOver || this.#isEnding
  }

  /** Questions without an answer. */
  get asking(): number {
    return this.#asks.size
  }

  get waitingBytes(): number {
    return this.#channel.waitingBytes
  }

  /** Does nothing once it is over. */
  send(message: LinkMessage): void {
    if (this.isOver) return
    this.#channel.send(message)
    if (this.#channel.waitingBytes > MAX_WAITING_BYTES) this.close(`more than ${MAX_WAITING_BYTES} bytes waited for it`)
  }

  /** Asks the other node. Rejects with what it threw, or with a `RoomError` `unavailable`. `shape`: of the answer. */
  ask<T>(name: string, shape: z.ZodType<T>, args?: unknown): Promise<T> {
    return this.askWith((ask) => ({ op: 'ask', ask, name, args }), shape)
  }

  /** The same for a message that is a question by its kind. */
  askWith<T>(message: (ask: number) => LinkMessage, shape: z.ZodType<T>, withinMs = ANSWER_MS): Promise<T> {
    if (this.isOver) return Promise.reject(unavailable('the link to the other node is over'))
    return this.#asks.ask((ask) => this.send(message(ask)), shape, withinMs)
  }

  /** Answers a question of the other node with what `answering` returns or throws. */
  answer(ask: number, answering: () => unknown): void {
    try {
      const value = answering()
      const pending = pendingOf(value)
      if (!pending) this.send({ op: 'answer', ask, value })
      pending?.then(
        (later) => this.send({ op: 'answer', ask, value: later }),
        (error) => this.#fail(ask, error),
      )
    } catch (error) {
      this.#fail(ask, error)
    }
  }

  /** Ends it; the listener hears of it later. */
  close(reason: string): void {
    if (this.isOver) return
    this.#isEnding = true
    this.#reason = reason
    this.#channel.close()
  }

  /** It is over, at once: what the channel still says is not heard. */
  end(reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#endTicks()
    this.#channel.close()
    this.#asks.failAll()
    this.#listener?.over(reason)
    this.#resolveOver(reason)
  }

  #message(message: LinkMessage): void {
    if (this.#isOver) return
    this.#silence.heard()
    try {
      this.#take(message)
    } catch (error) {
      // Another version, or a mistake: a part of it may be done, and what follows rests on it.
      const { op } = message
      this.#parts.logger.error({ err: error, node: this.node, op }, 'what another node said could not be taken')
      this.close('it said what could not be taken')
    }
  }

  #take(message: LinkMessage): void {
    switch (message.op) {
      case 'status':
        this.#parts.roster.heard(this.node, message.redisAgeMs)
        break
      case 'ends':
        this.#parts.roster.ended(this.node)
        break
      case 'answer':
        this.#asks.answer(message.ask, message.value)
        break
      case 'failed':
        this.#asks.fail(message.ask, thrownBy(message))
        break
      case 'ask': {
        const { ask, name, args } = message
        const answering = this.#parts.questions.read(name, args)
        this.answer(ask, () => answering(this.node))
        break
      }
      default:
        this.#listener?.message(message)
    }
  }

  #fail(ask: number, thrown: unknown): void {
    const failed = failureOf(ask, thrown)
    if (!failed) this.#parts.logger.error({ err: thrown, node: this.node }, 'a question of another node failed')
    this.send(failed ?? { op: 'failed', ask })
  }

  #tick(): void {
    if (this.isOver) return
    this.#sendStatus()
    if (this.#silence.tick() >= SILENT_MS) this.close(`nothing was heard on it for ${SILENT_MS / 1000} s`)
  }

  #sendStatus(): void {
    this.send({ op: 'status', redisAgeMs: this.#parts.roster.redisAgeMs })
  }
}
