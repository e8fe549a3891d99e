/**
 * A room that lives on another node, with those of its peers whose connections this node holds: a place at its owner. What
 * the owner sends for all of them comes once, and goes to each through an audience like that of a room here.
 * `edge-room.ts` opens one whenever it finds the room there; `places.ts` hands in what the owner says.
 */
import { z } from 'zod'
import type { Clock } from '../../clock.ts'
import type { Route } from '../../config/mount.ts'
import { Audience } from '../../delivery/audience.ts'
import type { FlushQueue } from '../../delivery/flush-queue.ts'
import type { ErrorLogger } from '../../guarded.ts'
import type { Coming } from '../../room/reservation.ts'
import type { Tally } from '../../tally.ts'
import type { Link } from '../link.ts'
import { refusalFrom } from '../link-failure.ts'
import type { Bringing, NodeId, RelayItem, ToEdge, ToOwner } from '../link-message.ts'
import { HomeOver } from './home-over.ts'
import { LogEnd } from './log-end.ts'
import { RemoteSession, type SessionHome } from './remote-session.ts'
import type { EdgePeer, KeptPlace, RoomHome } from './room-home.ts'
import { WrittenReports } from './written-reports.ts'

/** A link as it is used here. */
export type OwnerLink = Pick<Link, 'node' | 'send' | 'askWith' | 'isOver' | 'waitingBytes'>

export interface RemoteHomeParts {
  readonly clock: Clock
  readonly flushQueue: FlushQueue
  readonly limitBytes: number
  readonly tally: Tally
  readonly logger: ErrorLogger
  readonly link: OwnerLink
  readonly place: number
  readonly path: string
  readonly kind: 'event' | 'raw'
  /** Nothing comes for it any more. */
  readonly closed: () => void
  /** The owner has let it in. */
  readonly attached: (term: number) => void
  /** The room is about to move: what its peers say must wait. */
  readonly moving: () => void
  /** The room is not there any more. `to`: where it is now, if that is known. */
  readonly lost: (to: NodeId | undefined) => void
}

const RESERVE_MS = 5000
const RESERVED = z.object({ resumes: z.boolean().optional() })

export class RemoteHome implements RoomHome, SessionHome {
  readonly place: number
  readonly clock: Clock
  readonly bounds: Audience
  isOver = false
  readonly #parts: RemoteHomeParts
  readonly #sessions = new Map<number, RemoteSession>()
  readonly #reports: WrittenReports
  readonly #log = new LogEnd()
  /** Settles when the owner has answered. */
  readonly #answer = Promise.withResolvers<void>()
  #isAttached = false

  constructor(parts: RemoteHomeParts) {
    const { clock, flushQueue, limitBytes, tally, logger, place } = parts
    this.#parts = parts
    this.place = place
    this.clock = clock
    this.bounds = new Audience(flushQueue, { limitBytes, tally, logger })
    this.#reports = new WrittenReports(clock, limitBytes, (session, bytes) =>
      this.send({ op: 'written', place, session, bytes }),
    )
  }

  get node(): NodeId {
    return this.#parts.link.node
  }

  get waitingBytes(): number {
    return this.#parts.link.waitingBytes
  }

  /** Asks the owner to let these peers in. Rejects with a `Refusal`, or with a `HomeOver`. */
  attach(term: number, peers: readonly EdgePeer[]): Promise<void> {
    const { path, kind } = this.#parts
    const brought = peers.map((peer) => this.#bring(peer))
    this.send({ op: 'attach', place: this.place, path, kind, term, peers: brought })
    return this.#answer.promise
  }

  join(peer: EdgePeer): void {
    const brought = this.#bring(peer)
    this.send({ op: 'join', place: this.place, peer: brought })
    const session = this.#sessions.get(brought.session)
    if (session) peer.arrive(this, session)
  }

  #bring(peer: EdgePeer): Bringing {
    const brought = peer.bringing(this)
    this.#sessions.set(brought.session, new RemoteSession(this, peer, brought.session))
    return brought
  }

  async reserve(_route: Route, { client, offset: at, isStream }: Coming): Promise<KeptPlace> {
    const { place } = this
    let number = 0
    const reserve = (ask: number): ToOwner => {
      number = ask
      return { op: 'reserve', place, ask, client, offset: at, isStream }
    }
    const { resumes } = await this.ask(reserve, RESERVED, RESERVE_MS)
    const release = () => this.send({ op: 'release', place, ask: number })
    return { release, resumes }
  }

  /** Known when a place is kept. */
  resumes(): boolean {
    return false
  }

  /** The owner has refused it when a place was asked for. */
  refusalOf(): undefined {}

  offset(seq?: number): string {
    return this.#log.offset(seq)
  }

  leave(): void {
    if (this.isOver) return
    this.send({ op: 'detach', place: this.place })
    // The room is not lost, it is left.
    this.#isAttached = false
    this.#end(undefined)
  }

  send(message: ToOwner): void {
    if (!this.isOver) this.#parts.link.send(message)
  }

  ask<T>(message: (ask: number) => ToOwner, shape: z.ZodType<T>, withinMs: number): Promise<T> {
    return this.#parts.link.askWith(message, shape, withinMs)
  }

  left(session: RemoteSession): void {
    if (this.#sessions.get(session.number) === session) this.#sessions.delete(session.number)
    this.#reports.remove(session)
    this.bounds.remove(session.subscriber)
  }

  owe(session: RemoteSession, length: number): void {
    if (!this.isOver) this.#reports.add(session, length)
  }

  /** What the owner says. */
  heard(message: ToEdge): void {
    if (this.isOver) return
    switch (message.op) {
      case 'attached':
        this.#attached(message)
        break
      case 'items':
        for (const item of message.items) this.#item(item)
        break
      case 'rest':
        this.#sessions.get(message.session)?.peer.wire.rest(message.ms)
        break
      case 'close':
        this.#sessions.get(message.session)?.close(message.reason)
        break
      case 'drop':
        this.#sessions.get(message.session)?.peer.wire.drop()
        break
      case 'moving':
        this.#parts.moving()
        this.send({ op: 'quiet', place: this.place })
        break
      case 'refused':
        this.#answer.reject(refusalFrom(message.refusal))
        this.#end(undefined)
        break
      case 'over':
        this.#end(message.to)
        break
    }
  }

  /** The link is over. */
  cutOff(): void {
    this.#end(undefined)
  }

  #attached({ term, epoch, seq }: Extract<ToEdge, { op: 'attached' }>): void {
    this.#log.begin(epoch, seq)
    this.bounds.seq = seq
    this.#isAttached = true
    this.#parts.attached(term)
    for (const session of [...this.#sessions.values()]) {
      if (session.peer.isOver) session.gone(true)
      else session.peer.arrive(this, session)
    }
    this.#answer.resolve()
  }

  #item(item: RelayItem): void {
    if (item.to === 'all') {
      const except = item.except === undefined ? undefined : this.#sessions.get(item.except)?.subscriber
      this.#log.see(item.frame)
      this.bounds.deliver(item.frame, except)
      return
    }
    const session = this.#sessions.get(item.session)
    if (item.to === 'one') {
      for (const frame of item.frames) this.#log.see(frame)
      session?.hear(item.frames)
    } else if (session && item.to === 'enter') this.#enter(session)
    else if (session) this.#silence(session)
  }

  /** What went to all while nobody here heard it was in the log that the peer has read. */
  #enter(session: RemoteSession): void {
    this.bounds.seq = Math.max(this.bounds.seq, session.peer.wire.written)
    if (session.subscriber.isGone) return
    session.hasEntered = true
    this.bounds.add(session.subscriber)
  }

  #silence({ subscriber }: RemoteSession): void {
    subscriber.flush()
    this.bounds.remove(subscriber)
  }

  /** All that has come is written first, so that each peer knows where it is. */
  #end(to: NodeId | undefined): void {
    if (this.isOver) return
    this.isOver = true
    this.#reports.end()
    this.#parts.closed()
    for (const session of [...this.#sessions.values()]) session.lost()
    if (this.#isAttached) this.#parts.lost(to)
    this.#answer.reject(new HomeOver(this.node, to))
  }
}
