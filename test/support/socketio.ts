/** Stock Socket.IO clients for tests: each on a connection of its own, all closed at the end. */
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client'

export type SocketIoOptions = Partial<ManagerOptions & SocketOptions>

export interface SocketIoClients {
  /** A client for a room at a server's URL. */
  open(url: string, path: string, options?: SocketIoOptions): Socket
  close(): void
}

export function socketIoClients(): SocketIoClients {
  const sockets: Socket[] = []
  return {
    open(url, path, options = {}) {
      const { origin, pathname } = new URL(url)
      const base = pathname.replace(/\/$/, '')
      const socket = io(`${origin}${path}`, { forceNew: true, path: `${base}/socket.io`, ...options })
      sockets.push(socket)
      return socket
    },
    close() {
      for (const socket of sockets.splice(0)) socket.disconnect().io.engine?.close()
    },
  }
}

/** The arguments of the next event of a name. */
export function nextEvent(socket: Socket, name: string): Promise<unknown[]> {
  return new Promise((resolve) => socket.once(name, (...args) => resolve(args)))
}
