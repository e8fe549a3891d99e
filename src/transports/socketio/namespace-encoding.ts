/**
 * The encoding of one namespace: each packet as a WebSocket frame. All peers of a room that have spelled its path alike
 * are sent the same bytes. `connection.ts` sends packets of its own to a peer that polls.
 */
import { type Bytes, bufferOf, type Encoding, type Frame } from '../../delivery/frame.ts'
import { frameBytes } from '../frame-bytes.ts'
import { MESSAGE, type PacketMaker, type Packets } from './packets.ts'

/** Engine.IO 3 puts the packet type before the bytes of a message. */
const BINARY_MESSAGE_OF_3 = Buffer.from([4])

export class NamespaceEncoding implements Encoding {
  readonly name: string
  readonly packets: PacketMaker
  readonly #isOld: boolean

  /** `isOld`: Engine.IO 3, which clients of version 2 speak. */
  constructor(namespace: string, packets: PacketMaker, isOld: boolean) {
    this.name = `socketio${isOld ? 3 : 4} ${namespace}`
    this.packets = packets
    this.#isOld = isOld
  }

  encode(frame: Frame): Bytes {
    return this.frames(this.packets.of(frame))
  }

  /** Packets as WebSocket frames. */
  frames(packets: Packets): Bytes {
    const all = packets.map((packet) => this.#frame(packet))
    if (all.length === 1 && all[0] !== undefined) return all[0]
    return all.every((bytes) => typeof bytes === 'string') ? all.join('') : Buffer.concat(all.map(bufferOf))
  }

  #frame(packet: string | Uint8Array): Bytes {
    if (typeof packet === 'string') return frameBytes(MESSAGE + packet)
    return frameBytes(this.#isOld ? Buffer.concat([BINARY_MESSAGE_OF_3, packet]) : packet)
  }
}
