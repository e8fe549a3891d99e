/**
 * A WebSocket client that keeps every byte the server sent, in order, and takes it apart only when all is over: what is
 * no whole frame of a server is seen, whichever code wrote it. `bare-frames.ts` parses the bytes.
 */
import { type Socket, connect as tcpConnect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { connect as tlsConnect } from 'node:tls'
import { inflateRawSync } from 'node:zlib'
import { KEY } from './raw.ts'

/** One frame as it stood in the stream. */
export interface StreamFrame {
  readonly opcode: number
  readonly isCompressed: boolean
  readonly payload: Buffer
}

const CLOSE = 8
/** How often it looks whether more came. */
const LOOK_MS = 50
const TAIL = Buffer.from([0, 0, 0xff, 0xff])

export class ByteStream {
  readonly socket: Socket
  /** Resolves when the server has ended the connection. */
  readonly ended: Promise<void>
  readonly #chunks: Buffer[] = []
  #isEnded = false

  /** Shakes hands; `isCompressed` offers permessage-deflate. */
  constructor(url: string, path: string, isCompressed: boolean) {
    const { hostname, port, protocol } = new URL(url)
    const to = { host: hostname, port: Number(port) }
    this.socket = protocol === 'https:' ? tlsConnect({ ...to, rejectUnauthorized: false }) : tcpConnect(to)
    this.socket.setNoDelay(true)
    this.socket.on('error', () => {}) // the end follows
    this.socket.on('data', (chunk: Buffer) => this.#chunks.push(chunk))
    this.ended = new Promise((resolve) => this.socket.on('end', resolve).on('close', () => resolve()))
    void this.ended.then(() => {
      this.#isEnded = true
    })
    const extension = isCompressed ? 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n' : ''
    this.socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n${extension}\r\n`,
    )
  }

  /** Reads on until the server has ended the connection, or has closed it and says no more. */
  async leave(): Promise<void> {
    for (let size = -1; !this.#isEnded; await pause(LOOK_MS)) {
      const before = size
      size = this.#chunks.length
      if (size === before && this.#isClosed()) return
    }
  }

  #isClosed(): boolean {
    try {
      return this.read().frames.at(-1)?.opcode === CLOSE
    } catch {
      // Half a frame.
      return false
    }
  }

  /** The head of the answer, and all frames that came after it. Throws where the bytes are no whole frames. */
  read(): { head: string; frames: StreamFrame[] } {
    const bytes = Buffer.concat(this.#chunks)
    const end = bytes.indexOf('\r\n\r\n')
    if (end < 0) throw new Error(`expected the head of an answer, got ${bytes}`)
    return { head: bytes.toString('latin1', 0, end), frames: framesOf(bytes.subarray(end + 4)) }
  }
}

/** Takes a whole stream apart. Throws with the place of the first byte that is no frame of this server. */
export function framesOf(bytes: Buffer): StreamFrame[] {
  const frames: StreamFrame[] = []
  for (let at = 0; at < bytes.length; ) {
    const wrong = (what: string) => new Error(`byte ${at} of ${bytes.length}, frame ${frames.length}: ${what}`)
    if (bytes.length - at < 2) throw wrong('half a head')
    const [first = 0, short = 0] = bytes.subarray(at, at + 2)
    // Masked is 0x80; what this server says is never in fragments, so every head begins with FIN.
    if ((first & 0xb0) !== 0x80 || short > 127) throw wrong(`no head of ours: ${first.toString(2)} ${short}`)
    const headBytes = short < 126 ? 2 : short === 126 ? 4 : 10
    if (bytes.length - at < headBytes) throw wrong('half a head')
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
    if (headBytes !== (length < 126 ? 2 : length < 65536 ? 4 : 10)) throw wrong(`${length} is written too long`)
    if (bytes.length - at < headBytes + length) throw wrong('half a payload')
    const opcode = first & 0xf
    if (![1, 2, 8, 9, 10].includes(opcode)) throw wrong(`opcode ${opcode}`)
    const isCompressed = (first & 0x40) !== 0
    if (opcode >= 8 && (isCompressed || length > 125)) throw wrong('no control frame')
    const payload = bytes.subarray(at + headBytes, at + headBytes + length)
    frames.push({ opcode, isCompressed, payload })
    at += headBytes + length
  }
  return frames
}

/** What a data frame says. */
export function contentOf({ isCompressed, payload }: StreamFrame): Buffer {
  return isCompressed ? inflateRawSync(Buffer.concat([payload, TAIL]), { finishFlush: 2 }) : payload
}
