/** Real networks of nodes on loopback, with what a test hears of their channels. */
import { connect, type Socket } from 'node:net'
import { systemClock } from '../../src/clock.ts'
import type { LinkMessage, NodeId } from '../../src/nodes/link-message.ts'
import { LinkNetwork, type LinkNetworkParts } from '../../src/nodes/link-network.ts'
import type { Channel, ChannelEvents } from '../../src/nodes/network.ts'
import { systemRandom } from '../../src/random.ts'

export interface NetworkNode {
  readonly id: NodeId
  readonly network: LinkNetwork
  readonly address: string
  readonly accepted: HeardChannel[]
  dial(to: NetworkNode | { readonly address: string; readonly id: NodeId }): Promise<HeardChannel>
}

export class HeardChannel implements ChannelEvents {
  readonly channel: Channel
  readonly messages: LinkMessage[] = []
  readonly #waiting: (() => void)[] = []
  /** Why it is over. */
  readonly over: Promise<string>
  ends = 0
  readonly #end: (reason: string) => void

  constructor(channel: Channel) {
    this.channel = channel
    const { promise, resolve } = Promise.withResolvers<string>()
    this.over = promise
    this.#end = resolve
  }

  /** All that has come, once it is so much. */
  async atLeast(count: number): Promise<readonly LinkMessage[]> {
    while (this.messages.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return this.messages
  }

  message(message: LinkMessage): void {
    this.messages.push(message)
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  closed(reason: string): void {
    this.ends += 1
    this.#end(reason)
  }
}

/** Starts nodes, and ends them in the order in which they came. */
export class NetworkNodes {
  readonly #ends: (() => unknown)[] = []

  async start(id: NodeId, parts: Partial<LinkNetworkParts> = {}): Promise<NetworkNode> {
    const network = new LinkNetwork({
      self: id,
      clock: systemClock(),
      random: systemRandom(),
      secret: () => Buffer.alloc(32, 1),
      host: '127.0.0.1',
      port: 0,
      localAddress: () => '127.0.0.1',
      ...parts,
    })
    const accepted: HeardChannel[] = []
    const address = await network.listen((channel) => {
      const heard = new HeardChannel(channel)
      accepted.push(heard)
      return heard
    })
    this.#ends.push(() => network.close())
    return {
      id,
      network,
      address,
      accepted,
      async dial(to) {
        const opened = Promise.withResolvers<HeardChannel>()
        await network.dial(to.address, to.id, (channel) => {
          const heard = new HeardChannel(channel)
          opened.resolve(heard)
          return heard
        })
        return opened.promise
      },
    }
  }

  /** A connection that speaks as the test likes. */
  connect(address: string): Socket {
    const [host = '', port = ''] = address.split(/:(?=\d+$)/)
    const socket = connect(Number(port), host)
    socket.on('error', () => {})
    this.#ends.push(() => socket.destroy())
    return socket
  }

  onEnd(end: () => unknown): void {
    this.#ends.push(end)
  }

  async end(): Promise<void> {
    await Promise.all(this.#ends.splice(0).map((end) => end()))
  }
}
