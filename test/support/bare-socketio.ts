/**
 * A Socket.IO client by hand, over a bare WebSocket: it sends any packet, right or wrong, and answers nothing on its own.
 * A text is sent as a text frame and begins with the Engine.IO type (`4` is a message); bytes are an attachment.
 */
import { frame, Op } from './bare-frames.ts'
import { BarePeer, type PeerOptions } from './bare-peer.ts'

export interface BareOptions extends PeerOptions {
  /** The version of Engine.IO. */
  version?: number | string
  /** Further parameters of the handshake's URL, with a `&` before each. */
  query?: string
}

export class BareSocketIo {
  readonly peer: BarePeer

  private constructor(peer: BarePeer) {
    this.peer = peer
  }

  /** Connects and reads the packet that opens the connection. `url`: the server's, with ws. */
  static async open(url: string, { version = 4, query = '', ...options }: BareOptions = {}): Promise<BareSocketIo> {
    const peer = await BarePeer.open(`${url}/socket.io/?EIO=${version}&transport=websocket${query}`, options)
    const bare = new BareSocketIo(peer)
    await bare.heard('0')
    return bare
  }

  /** Connects and joins a room. */
  static async join(url: string, path: string, auth: object = {}): Promise<BareSocketIo> {
    const bare = await BareSocketIo.open(url)
    await bare.say(`40${path},${JSON.stringify(auth)}`)
    await bare.heard(`42${path},["welcome"`)
    return bare
  }

  say(packet: string | Uint8Array): Promise<void> {
    return this.peer.write(packet instanceof Uint8Array ? frame(Op.binary, packet) : frame(Op.text, packet))
  }

  /** The next packet that begins so; others before it are dropped. `undefined`: the connection ended. */
  async heard(beginning: string): Promise<string | undefined> {
    for (;;) {
      const received = await this.peer.next()
      if (!received || received.opcode === Op.close) return undefined
      const text = received.payload.toString()
      if (text.startsWith(beginning)) return text
    }
  }

  /** Whether the connection ends, or answers a message of an event room that is as it should be. */
  async fate(path: string, id = 77): Promise<'ended' | 'served'> {
    await this.say(`42${path},${id}["say","still here",{"id":"fate"}]`)
    return (await this.heard(`43${path},${id}[`)) === undefined ? 'ended' : 'served'
  }

  destroy(): void {
    this.peer.destroy()
  }
}
