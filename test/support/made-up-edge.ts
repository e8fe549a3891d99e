/**
 * The edge's end of a link, made up: it passes on what transports say and gives wires what the owner sends, as plainly as
 * can be. Messages are copied and arrive at once, unless the test holds them.
 */
import type { Wire } from '../../src/delivery/wire.ts'
import { Close } from '../../src/errors.ts'
import type { LinkListener } from '../../src/nodes/link.ts'
import type { Either, LinkMessage, ToEdge, ToOwner } from '../../src/nodes/link-message.ts'
import type { EdgeLink } from '../../src/nodes/owner/guest-link.ts'
import type { Session, Visitor } from '../../src/room/session.ts'
import { copyOf } from './made-up-channel.ts'

const PLACE = 7

/** A peer of the edge. */
interface Peer {
  readonly wire: Wire
  hasEntered: boolean
}

export class MadeUpEdge {
  readonly node: string
  /** What the owner has sent. */
  readonly heard: (ToEdge | Either)[] = []
  readonly peers = new Map<number, Peer>()
  /** Whether it reports what it has written. */
  reports = true
  /** Whether it says at once that a room that moves is quiet. */
  isQuick = true
  readonly #owner: LinkListener
  #sessions = 0
  #asks = 0
  #isOver = false
  readonly link: EdgeLink

  constructor(accept: (link: EdgeLink) => LinkListener, node = 'edge') {
    this.node = node
    const send = (message: LinkMessage) => this.#take(copyOf(message as ToEdge | Either))
    const answer = async (ask: number, answering: () => unknown) => {
      try {
        send({ op: 'answer', ask, value: await answering() })
      } catch (error) {
        send({ op: 'failed', ask, error: { code: (error as { code: string }).code, message: String(error) } })
      }
    }
    this.link = {
      node,
      isOver: false,
      waitingBytes: 0,
      send,
      close: () => this.cut(),
      answer: (...how) => void answer(...how),
    }
    this.#owner = accept(this.link)
  }

  say(message: ToOwner): void {
    if (!this.#isOver) this.#owner.message(copyOf(message))
  }

  attach(
    path: string,
    peers: readonly { visitor: Visitor; wire: Wire; offset?: string }[] = [],
    term = 1,
    kind: 'event' | 'raw' = 'event',
  ): number[] {
    const brought = peers.map(({ visitor, wire, offset }) => this.#bringing(visitor, wire, offset))
    this.say({ op: 'attach', place: PLACE, path, kind, term, peers: brought })
    return brought.map(({ session }) => session)
  }

  /** The answer follows in `heard`. */
  reserve(client?: string, offset?: string, isStream = false): number {
    const ask = ++this.#asks
    this.say({ op: 'reserve', place: PLACE, ask, client, offset, isStream })
    return ask
  }

  release(ask: number): void {
    this.say({ op: 'release', place: PLACE, ask })
  }

  /** Joins a peer, or again one that has a `number`. */
  join(visitor: Visitor, wire: Wire, offset?: string, number?: number): Session & { readonly number: number } {
    const peer = this.#bringing(visitor, wire, offset, number)
    const { session } = peer
    this.say({ op: 'join', place: PLACE, peer })
    const say = (message: ToOwner) => {
      if (this.peers.get(session)?.wire === wire) this.say(message)
    }
    const end = (message: ToOwner) => {
      say(message)
      if (this.peers.get(session)?.wire === wire) this.peers.delete(session)
    }
    return {
      number: session,
      receive: (data, ref) => say({ op: 'receive', place: PLACE, session, data, ref }),
      gone: (isLost) => end({ op: 'gone', place: PLACE, session, isLost }),
      end: (reason) => say({ op: 'end', place: PLACE, session, reason }),
      cutSlow: () => {
        if (this.peers.get(session)?.wire !== wire) return
        this.peers.delete(session)
        // With the next flush.
        queueMicrotask(() => {
          wire.close(Close.slow)
          this.say({ op: 'gone', place: PLACE, session, isLost: true })
        })
      },
      flush() {},
    }
  }

  written(session: number, bytes: number): void {
    this.say({ op: 'written', place: PLACE, session, bytes })
  }

  /** The link is over. */
  cut(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#owner.over('cut')
  }

  #bringing(visitor: Visitor, wire: Wire, offset?: string, number?: number) {
    const session = number ?? ++this.#sessions
    this.peers.set(session, { wire, hasEntered: false })
    return { session, visitor, offset, isMoved: false, begunMs: 0 }
  }

  #take(message: ToEdge | Either): void {
    if (this.#isOver) return
    this.heard.push(message)
    if (message.op === 'items') this.#carry(message)
    if (message.op === 'moving' && this.isQuick) this.say({ op: 'quiet', place: message.place })
    if (message.op !== 'rest' && message.op !== 'close' && message.op !== 'drop') return
    const peer = this.peers.get(message.session)
    if (message.op === 'rest') peer?.wire.rest(message.ms)
    else this.peers.delete(message.session)
    if (message.op === 'drop') peer?.wire.drop()
    else if (message.op === 'close') peer?.wire.close(message.reason)
  }

  #carry({ items }: Extract<ToEdge, { op: 'items' }>): void {
    for (const item of items) {
      if (item.to === 'all') {
        for (const [session, { wire, hasEntered }] of this.peers)
          if (hasEntered && session !== item.except) wire.send('', [item.frame])
        continue
      }
      const peer = this.peers.get(item.session)
      if (!peer) continue
      if (item.to === 'enter') peer.hasEntered = true
      else if (item.to === 'leave') peer.hasEntered = false
      else {
        peer.wire.send('', item.frames)
        const length = item.frames.reduce((sum, frame) => sum + frame.length, 0)
        if (this.reports) this.written(item.session, length)
      }
    }
  }
}
