/**
 * What connects the nodes of a simulation: in place of `link-network.ts`, with the ways of TCP. Messages arrive whole and
 * in order, those of one turn mostly together, each after a delay; while a way is silent they wait, and go on when it is
 * not any more, if the connection lasts so long. `links-trouble.ts` says what is wrong between two machines.
 */
import {
  type Channel,
  type ChannelEvents,
  DialError,
  type DialFailure,
  type Network,
} from '../../src/nodes/network.ts'
import type { LinkMessage, NodeId } from '../../src/nodes/link-message.ts'
import type { Dice } from '../support/random.ts'
import { cloned } from './cloned-message.ts'
import type { NodeClock } from './node-clock.ts'
import type { Timeline } from './timeline.ts'

/** A dial ends within this time. */
const DIAL_MS = 5000

interface Listening {
  readonly machine: string
  readonly clock: NodeClock
  readonly node: NodeId
  readonly accept: (channel: Channel) => ChannelEvents
}

/** What is wrong on the way from one machine to another. */
export interface WayTrouble {
  /** Nothing arrives before this time of the simulation. */
  readonly silentUntilMs?: number
  /** Who dials is refused, though somebody listens. */
  readonly isRefused?: boolean
  /** The most that a message takes more than usual. */
  readonly slowMs?: number
}

/** All that connects nodes. */
export class SimNet {
  readonly timeline: Timeline
  readonly dice: Dice
  readonly listening = new Map<string, Listening>()
  readonly #ways = new Map<string, WayTrouble>()
  readonly #channels = new Set<SimLink>()
  /** Machines that are gone: whoever dials hears nothing. */
  readonly gone = new Set<string>()
  #ports = 0

  constructor(timeline: Timeline, dice: Dice) {
    this.timeline = timeline
    this.dice = dice
  }

  /** A port that nobody has had. */
  newPort(): number {
    this.#ports += 1
    return 40_000 + this.#ports
  }

  way(from: string, to: string): WayTrouble {
    return this.#ways.get(`${from} ${to}`) ?? WELL
  }

  trouble(from: string, to: string, trouble: WayTrouble): void {
    this.#ways.set(`${from} ${to}`, { ...this.way(from, to), ...trouble })
  }

  isRefused(from: string, to: string): boolean {
    return this.way(from, to).isRefused === true
  }

  opened(link: SimLink): void {
    this.#channels.add(link)
  }

  over(link: SimLink): void {
    this.#channels.delete(link)
  }

  /** The connections between two machines end; `half`: only one of their ends hears of it. */
  cut(a: string, b: string, half = false): void {
    for (const link of [...this.#channels]) if (link.isBetween(a, b)) link.cut(half ? this.dice.pick([0, 1]) : undefined)
  }

  /** A process has died: its machine tells the others. */
  died(machine: string): void {
    for (const [address, { machine: on }] of this.listening) if (on === machine) this.listening.delete(address)
    for (const link of [...this.#channels]) if (link.has(machine)) link.died(machine)
  }

  /** All is well from now on. What was silent has ended. */
  heal(): void {
    const silent = [...this.#ways].filter(([, { silentUntilMs = 0 }]) => silentUntilMs > this.timeline.nowMs)
    this.#ways.clear()
    this.gone.clear()
    for (const [way] of silent) {
      const [from = '', to = ''] = way.split(' ')
      this.cut(from, to)
    }
    for (const link of [...this.#channels]) if (link.isHalf) link.cut(undefined)
  }

  /** Something goes from a machine to another: no earlier than `atMs`. Returns when it arrives. */
  arrival(from: string, to: string, atMs: number): number {
    const { silentUntilMs = 0, slowMs = 0 } = this.way(from, to)
    const usual = 0.1 + this.dice.next() * (this.dice.oneIn(30) ? 30 : 1)
    const slow = slowMs > 0 && this.dice.oneIn(3) ? this.dice.next() * slowMs : 0
    return Math.max(atMs, silentUntilMs, this.timeline.nowMs + usual + slow)
  }
}

const WELL: WayTrouble = {}

/** One node's part of it. */
export class SimNetwork implements Network {
  readonly #net: SimNet
  readonly #machine: string
  readonly #clock: NodeClock
  readonly #self: NodeId
  readonly #port: number

  constructor(net: SimNet, machine: string, port: number, clock: NodeClock, self: NodeId) {
    this.#net = net
    this.#machine = machine
    this.#port = port
    this.#clock = clock
    this.#self = self
  }

  listen(accept: (channel: Channel) => ChannelEvents): Promise<string> {
    const address = `${this.#machine}:${this.#port}`
    this.#net.listening.set(address, { machine: this.#machine, clock: this.#clock, node: this.#self, accept })
    return Promise.resolve(address)
  }

  dial(address: string, node: NodeId, events: ChannelEvents): Promise<Channel> {
    const net = this.#net
    const [from, clock] = [this.#machine, this.#clock]
    const to = address.replace(/:\d+$/, '')
    return new Promise((resolve, reject) => {
      let isOver = false
      const end = (settle: () => void) => {
        if (isOver) return
        isOver = true
        cancel()
        settle()
      }
      const fail = (failure: DialFailure) =>
        end(() => reject(new DialError(failure, `the node ${node} at ${address} is ${failure}`)))
      const cancel = clock.after(DIAL_MS, () => fail('unreachable'))
      const back = (settle: () => void) => {
        const atMs = net.arrival(to, from, 0)
        net.timeline.after(atMs - net.timeline.nowMs, 'link dialled', () => clock.arrives(settle, 'link dialled'))
      }
      if (net.gone.has(to)) return
      const atMs = net.arrival(from, to, 0)
      net.timeline.after(atMs - net.timeline.nowMs, 'link dial', () => {
        const there = net.listening.get(address)
        if (net.gone.has(to)) return
        if (!there || net.isRefused(from, to)) return back(() => fail('refused'))
        there.clock.arrives(() => {
          if (there.node !== node) return back(() => fail('refused'))
          const link = new SimLink(net, { machine: from, clock, node: this.#self }, there)
          const [near, far] = link.ends
          net.opened(link)
          far.events = there.accept(far)
          far.passes('link dialled', () => {
            if (isOver) return near.close()
            end(() => {
              near.events = events
              resolve(near)
            })
          })
        }, 'link accept')
      })
    })
  }

  close(): Promise<void> {
    for (const [address, { node }] of this.#net.listening)
      if (node === this.#self) this.#net.listening.delete(address)
    return Promise.resolve()
  }
}

interface Party {
  readonly machine: string
  readonly clock: NodeClock
  readonly node: NodeId
}

class SimLink {
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
    for (const [at, end] of this.ends.entries()) if (only === undefined || only === at) end.hears('the connection was cut')
  }

  died(machine: string): void {
    for (const end of this.ends) {
      if (end.self.machine === machine) end.isOver = true
      else if (!this.net.gone.has(machine)) end.hears('the other end has gone', this.net.arrival(machine, end.self.machine, 0))
    }
    this.ended()
  }

  ended(): void {
    if (this.ends.every(({ isOver }) => isOver)) this.net.over(this)
  }
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
  #packet: { readonly step: number; readonly messages: LinkMessage[] } | undefined

  constructor(link: SimLink, self: Party, other: Party) {
    this.#link = link
    this.self = self
    this.node = other.node
  }

  send(message: LinkMessage): void {
    const { net } = this.#link
    const { other, self } = this
    if (this.isOver || !other) return
    const { step, messages } = this.#packet ?? { step: -1, messages: [] }
    if (step === net.timeline.steps && !net.dice.oneIn(4)) {
      messages.push(cloned(message))
      return
    }
    const packet = { step: net.timeline.steps, messages: [cloned(message)] }
    this.#packet = packet
    this.waitingBytes += PACKET_BYTES
    this.passes('link', () => {
      for (const each of packet.messages) {
        net.timeline.note(`${this.node} < ${each.op}`)
        if (!other.isOver) other.events?.message(each)
      }
    })
  }

  /** Something goes to the other end, after what went before. */
  passes(label: string, arrived: () => void): void {
    const { net } = this.#link
    const { other, self } = this
    if (!other) return
    this.#atMs = net.arrival(self.machine, other.self.machine, this.#atMs)
    net.timeline.after(this.#atMs - net.timeline.nowMs, label, () => {
      this.waitingBytes = Math.max(0, this.waitingBytes - PACKET_BYTES)
      if (!other.isOver) other.self.clock.arrives(arrived, label)
      // Who sends to a connection that is not there any more is told so, if the way back is open.
      else if (!this.#link.isBlackHole) this.hears('it was reset')
    })
  }

  close(): void {
    if (this.isOver) return
    this.hears('it was closed here')
    this.passes('link close', () => this.other?.hears('the other end closed it'))
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
    if (atMs > timeline.nowMs) timeline.after(atMs - timeline.nowMs, 'link ends', end)
    else end()
  }
}

/** What waits on a silent way is counted like this. */
const PACKET_BYTES = 4096
