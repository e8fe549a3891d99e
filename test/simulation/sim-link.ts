/**
 * One connection between two nodes of a simulation, with the ways of TCP: messages arrive whole and in order, those of one
 * turn mostly together, each after a delay; on a silent way they wait, and go on when it is not silent any more, if the
 * connection lasts so long. Each end hears of its end in its own time.
 */

import { Batch, readBatch } from '../../src/nodes/link-batch.ts'
import type { LinkMessage, NodeId } from '../../src/nodes/link-message.ts'
import type { Channel, ChannelEvents } from '../../src/nodes/network.ts'
import type { NodeClock } from './node-clock.ts'
import type { SimNet } from './sim-net.ts'

interface Party {
  readonly machine: string
  readonly clock: NodeClock
  readonly node: NodeId
}

export class SimLink {
  readonly net: SimNet
  readonly ends: readonly [SimEnd, SimEnd]
  /** What is sent on it is lost without a word. */
  isBlackHole = false

  constructor(net: SimNet, dialler: Party, accepter: Party) {
    this.net = net
    const ends: [SimEnd, SimEnd] = [new SimEnd(this, dialler, accepter), new SimEnd(this, accepter, dialler)]
    ends[0].other = ends[1]
    ends[1].other = ends[0]
    this.ends = ends
  }

  has(machine: string): boolean {
    return this.ends.some(({ self }) => self.machine === machine)
  }

  /** One end has heard that it is over, and the other has not. */
  get isHalf(): boolean {
    return this.ends[0].isOver !== this.ends[1].isOver
  }

  isBetween(a: string, b: string): boolean {
    return this.has(a) && this.has(b)
  }

  /** Both ends hear of it, or only this one. */
  cut(only: 0 | 1 | undefined): void {
    this.isBlackHole = only !== undefined
    for (const [at, end] of this.ends.entries())
      if (only === undefined || only === at) end.hears('the connection was cut')
  }

  died(machine: string): void {
    for (const end of this.ends) {
      if (end.self.machine === machine) end.isOver = true
      else if (!this.net.gone.has(machine))
        end.hears('the other end has gone', this.net.arrival(machine, end.self.machine, 0))
    }
    this.ended()
  }

  ended(): void {
    if (this.ends.every(({ isOver }) => isOver)) this.net.over(this)
  }
}

/** What one end has sent in one turn, or a part of it. */
interface Packet {
  readonly step: number
  readonly batch: Batch
}

/** One end: what this side holds of the connection. */
class SimEnd implements Channel {
  readonly self: Party
  readonly node: NodeId
  readonly #link: SimLink
  other: SimEnd | undefined
  events: ChannelEvents | undefined
  /** It sends nothing any more, and hears nothing. */
  isOver = false
  waitingBytes = 0
  #atMs = 0
  #packet: Packet | undefined

  constructor(link: SimLink, self: Party, other: Party) {
    this.#link = link
    this.self = self
    this.node = other.node
  }

  send(message: LinkMessage): void {
    const { net } = this.#link
    const { other } = this
    if (this.isOver || !other) return
    const isSameTurn = this.#packet?.step === net.timeline.steps && !net.dice.oneIn(4)
    const { batch } = isSameTurn && this.#packet ? this.#packet : this.#newPacket(other)
    const before = batch.bytes
    batch.add(net.spoken(message))
    this.waitingBytes += batch.bytes - before
  }

  #newPacket(other: SimEnd): Packet {
    const { timeline } = this.#link.net
    const packet = { step: timeline.steps, batch: new Batch() }
    this.#packet = packet
    this.passes('link', packet.batch, () => {
      for (const message of readBatch(packet.batch.toBuffer())) {
        if (other.isOver) return
        timeline.note(`${this.node.slice(0, 4)} hears ${message.op}`)
        other.events?.message(message)
      }
    })
    return packet
  }

  /** Something goes to the other end, after what went before. */
  passes(label: string, batch: Batch | undefined, arrived: () => void): void {
    const { net } = this.#link
    const { other, self } = this
    if (!other) return
    this.#atMs = net.arrival(self.machine, other.self.machine, this.#atMs)
    net.timeline.at(this.#atMs, label, () => {
      this.waitingBytes = Math.max(0, this.waitingBytes - (batch?.bytes ?? 0))
      if (!other.isOver) other.self.clock.arrives(arrived, label)
      // Who sends to a connection that is not there any more is told so, if the way back is open.
      else if (!this.#link.isBlackHole) this.hears('it was reset')
    })
  }

  close(): void {
    if (this.isOver) return
    this.hears('it was closed here')
    this.passes('link close', undefined, () => this.other?.hears('the other end closed it'))
  }

  /** It is over: this side is told in a turn of its own. */
  hears(reason: string, atMs = 0): void {
    if (this.isOver) return
    const { timeline } = this.#link.net
    const end = () => {
      if (this.isOver) return
      this.isOver = true
      this.waitingBytes = 0
      this.#link.ended()
      this.self.clock.arrives(() => this.events?.closed(reason), 'link closed')
    }
    if (atMs > timeline.nowMs) timeline.at(atMs, 'link ends', end)
    else end()
  }
}
