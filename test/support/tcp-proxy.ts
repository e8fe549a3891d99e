/**
 * A TCP proxy between a client and a server: its address stays while the test cuts its connections or replaces the
 * server behind it. So a client meets a lost connection or a restart without a port that has to be free again.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface TcpProxy {
  readonly port: number
  /** Connections accepted so far. */
  readonly accepted: number
  /** Resets every connection, as a lost network does. */
  cut(): void
  /** Where new connections go. */
  pointAt(port: number): void
  close(): Promise<void>
}

/** `isBlocked`: resets a connection whose first bytes it says so of, as some networks do with WebSockets. */
export async function openTcpProxy(target: number, isBlocked?: (head: string) => boolean): Promise<TcpProxy> {
  let port = target
  let accepted = 0
  let isClosed = false
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    accepted += 1
    // A client that comes back may still be accepted while the proxy closes.
    if (isClosed) {
      near.destroy()
      return
    }
    if (isBlocked) near.prependOnceListener('data', (head) => isBlocked(String(head)) && near.resetAndDestroy())
    const far = connect(port, '127.0.0.1')
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return accepted
    },
    cut,
    pointAt(next) {
      port = next
    },
    async close() {
      isClosed = true
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
