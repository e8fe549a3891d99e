/**
 * The network between nodes over TCP: each listens on a port of its own, and WebSockets carry the messages. It is not
 * encrypted: it belongs on a network that only the nodes, Redis and the operator are on. `links.ts` uses it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import type { WebSocketChannel } from './link-channel.ts'
import { dial } from './link-dial.ts'
import { HEADER, wordOf } from './link-handshake.ts'
import { linkHosts } from './link-hosts.ts'
import { isSame, LinkKeys } from './link-keys.ts'
import type { NodeId } from './link-message.ts'
import { end, LinkServer } from './link-server.ts'
import type { Channel, ChannelEvents, Network } from './network.ts'

/** The way to another node for requests, as long as a link leads there. */
export interface Door {
  readonly address: string
  /** Proves who hands on. */
  readonly token: string
}

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
  /** Answers a request that another node hands on. Not there: none is answered. */
  readonly handedOn?: (request: IncomingMessage, response: ServerResponse) => void
}

export class LinkNetwork implements Network {
  readonly #parts: LinkNetworkParts
  readonly #keys: LinkKeys
  readonly #channels = new Set<WebSocketChannel>()
  /** The ways for requests to nodes that this one has dialled. */
  readonly #doors = new Map<NodeId, Door>()
  /** What proves that a request is of a node that has dialled this one. */
  readonly #tokens = new Map<NodeId, string>()
  #server: LinkServer | undefined
  #isClosed = false

  constructor(parts: LinkNetworkParts) {
    this.#parts = parts
    this.#keys = new LinkKeys(parts.clock, parts.secret)
  }

  async listen(accept: (channel: Channel) => ChannelEvents): Promise<string> {
    const { self, clock, random, host, port, localAddress } = this.#parts
    const server: LinkServer = new LinkServer({
      ...{ self, clock, random, keys: this.#keys },
      accepted: (channel, token) => this.#open(channel, accept, this.#tokens, token),
      handedOn: (request, response) => this.#handedOn(server, request, response),
    })
    this.#server = server
    const { listenAt, dialAt } = linkHosts(host, localAddress())
    const listening = await server.listen(listenAt, port)
    return `${dialAt.includes(':') ? `[${dialAt}]` : dialAt}:${listening}`
  }

  dial(address: string, node: NodeId, opened: (channel: Channel) => ChannelEvents): Promise<void> {
    return dial({ ...this.#parts, keys: this.#keys }, address, node, (channel, token) =>
      this.#open(channel, opened, this.#doors, { address, token }),
    )
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const channel of this.#channels) channel.close()
    await this.#server?.close()
  }

  /** How requests are handed on to a node; `undefined`: no link leads there. */
  readonly doorOf = (node: NodeId): Door | undefined => this.#doors.get(node)

  /** As long as it is open, its node has `pass` among `passes`. */
  #open<T>(
    channel: WebSocketChannel,
    opened: (channel: Channel) => ChannelEvents,
    passes: Map<NodeId, T>,
    pass: T,
  ): void {
    this.#channels.add(channel)
    passes.set(channel.node, pass)
    const events = opened(channel)
    channel.open({
      message: (message) => events.message(message),
      closed: (reason, mistake) => {
        this.#channels.delete(channel)
        if (passes.get(channel.node) === pass) passes.delete(channel.node)
        events.closed(reason, mistake)
      },
    })
    if (this.#isClosed) channel.close()
  }

  #handedOn(server: LinkServer, request: IncomingMessage, response: ServerResponse): void {
    const { headers, socket } = request
    const expected = this.#tokens.get(wordOf(headers, HEADER.from) ?? '')
    const { handedOn } = this.#parts
    if (!handedOn || !expected || !isSame(wordOf(headers, HEADER.token) ?? '', expected)) {
      end(response, 404)
      return
    }
    server.trust(socket)
    handedOn(request, response)
  }
}
