/**
 * A WebSocket peer on a bare socket, cheap enough for ten thousand in one process: it takes the server's text frames and
 * sends small ones. `throughput.ts` and `storm.ts` measure with it, and the tests of a drain.
 */
import { connect, type Socket } from 'node:net'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

export interface RawOptions {
  readonly isDeaf: boolean
  readonly mayBeRefused: boolean
  readonly host: string
}

export class RawPeer {
  readonly #socket: Socket
  readonly #hear: (text: string) => void
  #rest: Buffer | undefined
  #isOpen = false
  readonly #isDeaf: boolean
  readonly #mayBeRefused: boolean
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>
  /** What the server's close frame said; `undefined` where the connection ended without one, which a client calls 1006. */
  closeFrame: { readonly code: number; readonly reason: string } | undefined

  /**
   * `hear`: called with each text frame. `isDeaf`: it does not answer a close. `mayBeRefused`: then it ends; otherwise a
   * refusal is an error.
   */
  constructor(port: number, path: string, hear: (text: string) => void, options: Partial<RawOptions> = {}) {
    const { isDeaf = false, mayBeRefused = false, host = '127.0.0.1' } = options
    this.#hear = hear
    this.#isDeaf = isDeaf
    this.#mayBeRefused = mayBeRefused
    this.#socket = connect({ port, host, noDelay: true })
    this.#socket.on('error', () => {})
    this.#socket.on('data', (bytes: Buffer) => this.#take(bytes))
    this.closed = new Promise((resolve) => this.#socket.once('close', () => resolve()))
    this.#socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`,
    )
  }

  /** Sends a text of at most 125 bytes, masked with 0. */
  send(text: string): void {
    const bytes = Buffer.from(text)
    this.#socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | bytes.length, 0, 0, 0, 0]), bytes]))
  }

  end(): void {
    this.#socket.destroy()
  }

  #take(bytes: Buffer): void {
    let all = this.#rest ? Buffer.concat([this.#rest, bytes]) : bytes
    if (!this.#isOpen) all = this.#open(all)
    let size = this.#isOpen ? sizeOf(all) : undefined
    while (size && all.length >= size.head + size.payload) {
      const end = size.head + size.payload
      const opcode = (all[0] ?? 0) & 0xf
      if (opcode === 1) this.#hear(all.toString('utf8', size.head, end))
      if (opcode === 9) this.#socket.write(Buffer.from([0x8a, 0x80, 0, 0, 0, 0]))
      if (opcode === 8) this.#close(all.subarray(size.head, end))
      all = all.subarray(end)
      size = sizeOf(all)
    }
    this.#rest = all.length > 0 ? all : undefined
  }

  /** Answers a close with the same code (RFC 6455, 5.5.1); the server then ends the connection. */
  #close(payload: Buffer): void {
    this.closeFrame = { code: payload.readUInt16BE(0), reason: payload.toString('utf8', 2) }
    if (this.#isDeaf) return
    this.#socket.end(Buffer.concat([Buffer.from([0x88, 0x82, 0, 0, 0, 0]), payload.subarray(0, 2)]))
  }

  /** What follows the answer to the handshake; all, where that is not whole yet. */
  #open(all: Buffer): Buffer {
    const end = all.indexOf('\r\n\r\n')
    if (end < 0) return all
    const head = all.toString('latin1', 0, end)
    if (!head.startsWith('HTTP/1.1 101')) {
      if (!this.#mayBeRefused) throw new Error(`expected 101, got ${head}`)
      this.end()
      return all.subarray(0, 0)
    }
    this.#isOpen = true
    return all.subarray(end + 4)
  }
}

/** The sizes of an unmasked frame, once its head is there. */
function sizeOf(bytes: Buffer): { head: number; payload: number } | undefined {
  const short = bytes[1] ?? 0
  const head = short < 126 ? 2 : short === 126 ? 4 : 10
  if (bytes.length < head) return undefined
  const payload = head === 2 ? short : head === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
  return { head, payload }
}
