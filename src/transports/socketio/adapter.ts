/**
 * The adapter of every namespace. Rooms deliver through their own audience, so it keeps no list of sockets and
 * broadcasts nothing.
 */
import type { Socket } from 'socket.io'
import { Adapter } from 'socket.io-adapter'

/** `connecting` is called for each socket just before its connect is answered, in the turn in which it joins. */
export function roomAdapter(connecting: (socket: Socket) => void): typeof Adapter {
  return class extends Adapter {
    /** A socket joins the adapter's room of its own id before it is answered, and no other. */
    override addAll(id: string): void {
      const socket: Socket | undefined = this.nsp.sockets.get(id)
      if (socket) connecting(socket)
    }

    override del(): void {}

    override delAll(): void {}

    override broadcast(): void {}
  }
}
