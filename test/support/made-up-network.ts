/**
 * A network between nodes that a test makes up: messages take the time it says, and connections are cut, blocked in one
 * direction, refused, or lead nowhere, as it says. What is sent is copied, so that no node holds an object of another.
 * `made-up-channel.ts` is one connection of it.
 */
import type { NodeId } from '../../src/nodes/link-message.ts'
import { type Channel, type ChannelEvents, DialError, type Network } from '../../src/nodes/network.ts'
import { type Connection, connect } from './made-up-channel.ts'

/** Where a node runs what arrives: its own event loop, which may be frozen or dead. */
export type Arrives = (run: () => void, label: string) => void

export interface MadeUpNetworkParts {
  readonly nowMs: () => number
  /** The time of the network itself, not of a node. */
  readonly after: (ms: number, run: () => void, label: string) => unknown
  /** How long the next message between two nodes takes. */
  readonly delayMs: (from: NodeId, to: NodeId) => number
}

interface Host {
  readonly node: NodeId
  readonly address: string
  readonly arrives: Arrives
  accept: ((channel: Channel) => ChannelEvents) | undefined
}

/** A dial that leads nowhere gives up. */
const DIAL_MS = 5000

export class MadeUpNetwork {
  readonly parts: MadeUpNetworkParts
  readonly #hosts = new Map<NodeId, Host>()
  readonly #connections = new Set<Connection>()
  /** `from>to`: nothing gets through. */
  readonly #blocked = new Set<string>()
  /** `from>to`: dials are refused. */
  readonly #refused = new Set<string>()

  constructor(parts: MadeUpNetworkParts) {
    this.parts = parts
  }

  /** The network as a node sees it; it listens at `address`, which only one node at a time does. */
  of(node: NodeId, arrives: Arrives, address = `${node}:1`): Network {
    const host: Host = { node, address, arrives, accept: undefined }
    this.#hosts.set(node, host)
    return {
      listen: (accept) => {
        host.accept = accept
        return Promise.resolve(address)
      },
      dial: (to, other, opened) => this.#dial(host, to, other, opened),
      close: () => {
        host.accept = undefined
        for (const { ends } of this.#of(node)) ends.find((end) => end.owner === node)?.close()
        return Promise.resolve()
      },
    }
  }

  /** Connections that are not over. */
  get connections(): number {
    return this.#connections.size
  }

  /** Ends the connections between two nodes. What was on its way is lost. */
  cut(one: NodeId, other: NodeId): void {
    for (const connection of this.#between(one, other)) connection.cut()
  }

  /** Nothing that `from` sends arrives at `to`, until `heal`; nobody is told. */
  block(from: NodeId, to: NodeId): void {
    this.#blocked.add(`${from}>${to}`)
  }

  heal(from: NodeId, to: NodeId): void {
    this.#blocked.delete(`${from}>${to}`)
    for (const connection of this.#between(from, to)) connection.flow()
  }

  isBlocked(from: NodeId, to: NodeId): boolean {
    return this.#blocked.has(`${from}>${to}`)
  }

  /** Dials of `from` to `to` are refused though it lives; connections stay. */
  refuse(from: NodeId, to: NodeId, isRefused = true): void {
    if (isRefused) this.#refused.add(`${from}>${to}`)
    else this.#refused.delete(`${from}>${to}`)
  }

  /** The process of a node has ended: its connections are over, and dials are refused. */
  crash(node: NodeId): void {
    this.#hosts.delete(node)
    for (const { ends } of this.#of(node))
      for (const end of ends) if (!this.isBlocked(node, end.owner)) end.end('connection reset')
  }

  /** A node's machine is gone: nothing is answered any more, and nobody is told. */
  vanish(node: NodeId): void {
    for (const { node: other } of this.#hosts.values()) {
      this.block(node, other)
      this.block(other, node)
    }
  }

  #dial(from: Host, address: string, node: NodeId, opened: (channel: Channel) => ChannelEvents): Promise<void> {
    const { after, delayMs } = this.parts
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const fails = (failure: DialError['failure'], why: string) =>
      from.arrives(() => reject(new DialError(failure, `${address}: ${why}`)), 'dial failed')
    // Also where the other process is frozen: only its kernel answers.
    after(DIAL_MS, () => fails('unreachable', 'no answer'), 'dial timeout')
    const to = [...this.#hosts.values()].find((host) => host.address === address)
    const other = to?.node ?? node
    const isLost = () => this.isBlocked(from.node, other) || this.isBlocked(other, from.node)
    const begin = () => {
      if (isLost()) return
      if (this.#refused.has(`${from.node}>${other}`) || !to?.accept) return fails('refused', 'connection refused')
      if (to.node !== node) return fails('refused', `it is ${to.node}, not ${node}`)
      const connection: Connection = connect(this, from, to, () => this.#connections.delete(connection))
      this.#connections.add(connection)
      const [near, far] = connection.ends
      const isDialled = () => {
        if (connection.isOver) return reject(new DialError('unreachable', `${address}: cut at once`))
        near.open(opened(near))
        resolve()
      }
      to.arrives(() => {
        const { accept } = to
        if (!accept) return connection.cut()
        far.open(accept(far))
        if (!isLost()) after(delayMs(other, from.node), () => from.arrives(isDialled, 'dialled'), 'dial')
      }, 'accept')
    }
    after(delayMs(from.node, other), begin, 'dial')
    return promise
  }

  #of(node: NodeId): Connection[] {
    return [...this.#connections].filter(({ ends }) => ends.some((end) => end.owner === node))
  }

  #between(one: NodeId, other: NodeId): Connection[] {
    return this.#of(one).filter(({ ends }) => ends.some((end) => end.owner === other))
  }
}
