/**
 * The parser of Socket.IO packets, with a bound: a packet holds no more bytes with its attachments than a message may
 * without. Otherwise a client that announces attachments and never sends the last one holds as many messages. An error
 * here ends the connection. `gateway.ts` gives it to `socket.io`.
 */
import { Decoder, Encoder } from 'socket.io-parser'

/** `mostBytes`: the most that a packet may hold, now. */
export function packetParser(mostBytes: () => number): {
  readonly Encoder: typeof Encoder
  readonly Decoder: new () => Decoder
} {
  return {
    Encoder,
    Decoder: class extends Decoder {
      #bytes = 0

      override add(part: string | Uint8Array): void {
        this.#bytes = part.length + (typeof part === 'string' ? 0 : this.#bytes)
        if (this.#bytes > mostBytes()) throw new Error(`expected a packet of at most ${mostBytes()} bytes`)
        super.add(part)
      }
    },
  }
}
