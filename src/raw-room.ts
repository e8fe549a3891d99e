/**
 * A raw room: text and bytes go to the author's handler as they came, and out as the handler says. It sends nothing of
 * its own and keeps nothing; one who says too much is read more slowly.
 */
import type { RawHandlers, RawRoom } from './define.ts'
import { Close } from './errors.ts'
import { Frame } from './frame.ts'
import { MAX_WAITING } from './house.ts'
import { Connection, type Visitor } from './peer.ts'
import { LiveRoom } from './room.ts'
import type { Wire } from './wire.ts'

export class LiveRawRoom extends LiveRoom<RawConnection, RawHandlers> implements RawRoom {
  override receive(peer: RawConnection, data: string | Uint8Array): number {
    const { clock } = this.house
    this.tally.received += 1
    if (peer.sequence.length >= MAX_WAITING) {
      this.end(peer, Close.busy)
      return 0
    }
    peer.sequence.run(() => this.call('message', peer, () => this.handlers.message?.(peer, data)))
    return peer.bucket.draw(this.settings.limits.rate, clock.monotonic())
  }

  broadcast(data: string | Uint8Array, to?: { except?: object | undefined }): void {
    const except = to?.except as RawConnection | undefined
    this.record.carry(raw(data), except?.seat)
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
    this.say(raw(data))
  }
}

/** A frame of what an author sends. Anything but text and bytes throws here, in the author's handler. */
function raw(data: string | Uint8Array): Frame {
  if (typeof data === 'string' || data instanceof Uint8Array) return new Frame(data)
  throw new TypeError(
    `expected a string or a Uint8Array to send, got ${typeof data}; JSON.stringify() makes text of it`,
  )
}
