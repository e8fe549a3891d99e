/** A room that is open on this node, with the peers whose connections this node holds. */
import type { Route } from '../../config/mount.ts'
import type { RoomError } from '../../errors.ts'
import { offset } from '../../log/log.ts'
import type { OpenRoom } from '../../room/open-room.ts'
import type { Coming, RoomPlaces } from '../../room/reservation.ts'
import type { EdgePeer, KeptPlace, RoomHome } from './room-home.ts'

export class LocalHome implements RoomHome {
  readonly node = undefined
  readonly #rooms: Pick<RoomPlaces, 'reserveJoin'>
  readonly #room: OpenRoom

  constructor(rooms: Pick<RoomPlaces, 'reserveJoin'>, room: OpenRoom) {
    this.#rooms = rooms
    this.#room = room
  }

  get isOver(): boolean {
    return this.#room.isClosed
  }

  reserve(route: Route, coming: Coming): KeptPlace | Promise<KeptPlace> {
    return this.#rooms.reserveJoin(route, coming)
  }

  join(peer: EdgePeer): void {
    const { visitor, offset: at, isMoved, begunMs } = peer.bringing(this)
    peer.arrive(this, this.#room.join({ ...visitor, isMoved, begunMs }, peer.wire, at))
  }

  offset(seq?: number): string {
    return this.#room.kind === 'event' ? this.#room.offset(seq) : offset('', seq ?? 0)
  }

  resumes(at: string): boolean {
    return this.#room.kind === 'event' && this.#room.resumes(at)
  }

  refusalOf(client: string | undefined): RoomError | undefined {
    return this.#room.kind === 'event' ? this.#room.refusalOf(client) : undefined
  }

  leave(): void {}
}
