/**
 * An address that leads to the first of some nodes that takes connections, as a balancer before them does. Connections
 * that stand stay where they are.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { NodeProcess } from './node-process.ts'

/** A machine that is gone does not refuse. */
const CONNECT_MS = 500

export class Front {
  readonly #server: Server
  readonly #nodes: readonly NodeProcess[]
  readonly #sockets = new Set<Socket>()
  readonly #left = new Set<NodeProcess>()

  private constructor(nodes: readonly NodeProcess[]) {
    this.#nodes = nodes
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => this.#dial(near, this.#nodes))
  }

  /** `nodes`: in the order in which they are tried. */
  static async open(nodes: readonly NodeProcess[]): Promise<Front> {
    const front = new Front(nodes)
    await new Promise<void>((resolve) => front.#server.listen(0, '127.0.0.1', resolve))
    return front
  }

  /** Without a slash at the end. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Nobody is sent to this node any more: a balancer does so with one that answers 503 since it ends. */
  avoid(node: NodeProcess): void {
    this.#left.add(node)
  }

  /** Nobody is sent to this node any more, and whom it has is cut off from it. */
  leave(node: NodeProcess): void {
    this.avoid(node)
    for (const socket of this.#sockets) if (socket.remotePort === node.place.port) socket.resetAndDestroy()
  }

  back(node: NodeProcess): void {
    this.#left.delete(node)
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #dial(near: Socket, nodes: readonly NodeProcess[]): void {
    const [node, ...others] = nodes.filter((node) => !this.#left.has(node))
    near.on('error', () => {})
    if (!node) {
      near.resetAndDestroy()
      return
    }
    const { host, port } = node.place
    const far = connect({ host, port, noDelay: true, allowHalfOpen: true, timeout: CONNECT_MS })
    const another = () => {
      far.destroy()
      this.#dial(near, others)
    }
    far.once('error', another)
    far.once('timeout', another)
    far.once('connect', () => {
      far.off('error', another)
      far.off('timeout', another)
      far.setTimeout(0)
      this.#join(near, far)
    })
  }

  #join(near: Socket, far: Socket): void {
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one)
      one.on('error', () => other.resetAndDestroy())
      one.on('close', () => {
        this.#sockets.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  }
}
