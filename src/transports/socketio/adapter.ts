/**
 * The adapter of every namespace. Rooms deliver through their own audience, so it keeps no list of sockets and
 * broadcasts nothing.
 */
import { Adapter } from 'socket.io-adapter'

export class RoomAdapter extends Adapter {
  override addAll(): void {}

  override del(): void {}

  override delAll(): void {}

  override broadcast(): void {}
}
