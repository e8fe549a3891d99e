/** What connects a node of a simulation to the others, in place of `link-network.ts`: its part of `sim-net.ts`. */
import type { NodeId } from '../../src/nodes/link-message.ts'
import { type Channel, type ChannelEvents, DialError, type DialFailure, type Network } from '../../src/nodes/network.ts'
import type { NodeClock } from './node-clock.ts'
import { SimLink } from './sim-link.ts'
import type { SimNet } from './sim-net.ts'

/** A dial ends within this time. */
const DIAL_MS = 5000

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

  dial(address: string, node: NodeId, opened: (channel: Channel) => ChannelEvents): Promise<void> {
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
        net.timeline.at(atMs, 'link dialled', () => clock.arrives(settle, 'link dialled'))
      }
      if (net.gone.has(to)) return
      const atMs = net.arrival(from, to, 0)
      net.timeline.at(atMs, 'link dial', () => {
        const there = net.listening.get(address)
        if (net.gone.has(to)) return
        if (!there || net.isRefused(from, to)) return back(() => fail('refused'))
        there.clock.arrives(() => {
          if (there.node !== node) return back(() => fail('refused'))
          const link = new SimLink(net, { machine: from, clock, node: this.#self }, there)
          const [near, far] = link.ends
          net.opened(link)
          far.events = there.accept(far)
          far.passes('link dialled', undefined, () => {
            if (isOver) return near.close()
            end(() => {
              near.events = opened(near)
              resolve()
            })
          })
        }, 'link accept')
      })
    })
  }

  close(): Promise<void> {
    for (const [address, { node }] of this.#net.listening) if (node === this.#self) this.#net.listening.delete(address)
    this.#net.closed(this.#self)
    return Promise.resolve()
  }
}
