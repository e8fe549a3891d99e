/**
 * The network between nodes over TCP: each listens on a port of its own, and WebSockets carry the messages. It is not
 * encrypted: it belongs on a network that only the nodes, Redis and the operator are on. `links.ts` uses it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import type { WebSocketChannel } from './link-channel.ts'
import { dial } from './link-dial.ts'
import { linkHosts } from './link-hosts.ts'
import { LinkKeys } from './link-keys.ts'
import type { NodeId } from './link-message.ts'
import { end, LinkServer } from './link-server.ts'
import type { Channel, ChannelEvents, Network } from './network.ts'

export interface LinkNetworkParts {
  readonly self: NodeId
  readonly clock: Clock
  readonly random: Random
  /** The secret that Redis keeps. Throws a `RoomError` `unavailable` while it is not known. */
  readonly secret: () => Uint8Array
  /** `LINK_HOST`: where to listen, and what others dial. `undefined`: the address with which this machine reaches Redis. */
  readonly host: string | undefined
  /** `LINK_PORT`; 0: any free port. */
  readonly port: number
  /** The local address of the connection to Redis; `undefined`: there is none now, or it is no TCP connection. */
  readonly localAddress: () => string | undefined
}

export class LinkNetwork implements Network {
  readonly #parts: LinkNetworkParts
  readonly #keys: LinkKeys
  readonly #channels = new Set<WebSocketChannel>()
  #server: LinkServer | undefined

  constructor(parts: LinkNetworkParts) {
    this.#parts = parts
    this.#keys = new LinkKeys(parts.clock, parts.secret)
  }

  async listen(accept: (channel: Channel) => ChannelEvents): Promise<string> {
    const { self, clock, random, host, port, localAddress } = this.#parts
    const server = new LinkServer({
      ...{ self, clock, random, keys: this.#keys },
      accepted: (channel) => this.#open(channel, accept),
      handedOn: (request, response) => this.#handedOn(request, response),
    })
    this.#server = server
    const { listenAt, dialAt } = linkHosts(host, localAddress())
    const listening = await server.listen(listenAt, port)
    return `${dialAt.includes(':') ? `[${dialAt}]` : dialAt}:${listening}`
  }

  dial(address: string, node: NodeId, opened: (channel: Channel) => ChannelEvents): Promise<void> {
    return dial({ ...this.#parts, keys: this.#keys }, address, node, (channel) => this.#open(channel, opened))
  }

  async close(): Promise<void> {
    for (const channel of this.#channels) channel.close()
    await this.#server?.close()
  }

  #open(channel: WebSocketChannel, opened: (channel: Channel) => ChannelEvents): void {
    this.#channels.add(channel)
    const events = opened(channel)
    channel.open({
      message: (message) => events.message(message),
      closed: (reason) => {
        this.#channels.delete(channel)
        events.closed(reason)
      },
    })
  }

  #handedOn(_: IncomingMessage, response: ServerResponse): void {
    end(response, 404)
  }
}
