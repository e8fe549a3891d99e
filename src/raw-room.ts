/**
 * A raw room: text and bytes go to the author's handler as they came, and out as the handler says. It sends nothing of
 * its own and keeps nothing; one who says too much is read more slowly.
 */
import type { RawHandlers, RawRoom } from './define.ts'
import { Frame } from './frame.ts'
import { Connection, type Visitor } from './peer.ts'
import { LiveRoom } from './room.ts'
import type { Wire } from './wire.ts'

export class LiveRawRoom extends LiveRoom<RawConnection, RawHandlers> implements RawRoom {
  override receive(peer: RawConnection, data: string | Uint8Array): number {
    const { clock } = this.house
    peer.sequence.run(() => this.call('message', peer, () => this.handlers.message?.(peer, data)))
    return peer.bucket.draw(this.settings.limits.rate, clock.monotonic())
  }

  broadcast(data: string | Uint8Array, to?: { except?: object | undefined }): void {
    const except = to?.except as RawConnection | undefined
    this.record.carry(new Frame(data), except?.seat)
  }

  protected override peer(visitor: Visitor, wire: Wire): RawConnection {
    return new RawConnection(visitor, wire, this.settings.limits.rate, this.house.clock.monotonic())
  }

  protected override enter(peer: RawConnection): undefined {
    this.audience.add(peer.seat)
  }
}

/** A peer of a raw room. */
export class RawConnection extends Connection {
  send(data: string | Uint8Array): void {
    this.say(new Frame(data))
  }
}
