/**
 * A WebSocket client in a plain socket, TCP or TLS: it shakes hands, writes bytes as they are given, and reads frames
 * itself. It answers nothing on its own. Made from a URL, so it also goes through a proxy.
 */
import { createHash, randomBytes } from 'node:crypto'
import { type Socket, connect as tcpConnect } from 'node:net'
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls'
import { codeOf, FrameReader, Op, type Received } from './bare-frames.ts'
import { PATIENCE_MS } from './patience.ts'

export interface PeerOptions {
  tls?: ConnectionOptions
  headers?: Readonly<Record<string, string>>
  /** What it receives is thrown away; only the end of the connection is noticed. */
  isDeaf?: boolean
}

export class BarePeer {
  readonly socket: Socket
  /** The answer to the handshake, status line and headers. */
  head = ''
  /** Resolves when the server has ended the connection, by a FIN or a reset. */
  readonly ended: Promise<void>
  isEnded = false
  /** The code of the server's close frame. */
  closeCode: number | undefined
  hasClosed = false
  readonly #reader = new FrameReader()
  readonly #queue: Received[] = []
  readonly #isDeaf: boolean
  #error: Error | undefined
  #wake = () => {}

  /** Connects and shakes hands. Rejects where the server does not let it in. */
  static async open(url: string, options: PeerOptions = {}): Promise<BarePeer> {
    const peer = new BarePeer(new URL(url), options)
    await peer.#shake(new URL(url), options.headers ?? {})
    return peer
  }

  private constructor({ protocol, hostname, port }: URL, { tls, isDeaf = false }: PeerOptions) {
    const isTls = protocol === 'wss:' || protocol === 'https:'
    const to = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || (isTls ? 443 : 80)) }
    this.#isDeaf = isDeaf
    this.socket = isTls ? tlsConnect({ ...to, ALPNProtocols: ['http/1.1'], ...tls }) : tcpConnect(to)
    this.socket.setNoDelay(true)
    this.socket.on('error', () => {}) // the end follows
    this.ended = new Promise((resolve) => {
      const end = () => {
        this.isEnded = true
        this.#wake()
        resolve()
      }
      this.socket.on('end', end).on('close', end)
    })
  }

  /**
   * Writes bytes, in one piece or in chops of so many bytes, each in a packet of its own as far as a program can say.
   * Of a chopped text the rest is left out once the server has closed.
   */
  async write(bytes: Uint8Array | readonly Uint8Array[], chopBytes = Number.POSITIVE_INFINITY): Promise<void> {
    const whole = bytes instanceof Uint8Array ? bytes : Buffer.concat(bytes)
    for (let at = 0; at < whole.length && !this.socket.destroyed; at += chopBytes) {
      if (at > 0 && this.hasClosed) return
      const piece = whole.subarray(at, at + chopBytes)
      await new Promise<void>((resolve) => this.socket.write(piece, () => resolve()))
    }
  }

  /** What the server says next; `undefined`: it said no more and ended. Rejects when nothing comes, or no frames come. */
  async next(patienceMs = PATIENCE_MS): Promise<Received | undefined> {
    const deadline = performance.now() + patienceMs
    for (;;) {
      const received = this.#queue.shift()
      if (received) return received
      if (this.#error) throw this.#error
      if (this.isEnded) return undefined
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) throw new Error(`nothing came within ${patienceMs} ms`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  /** Reads on until the server's close frame or its end. → the code; 1005: none in the frame, 1006: no frame. */
  async closed(patienceMs = PATIENCE_MS): Promise<number> {
    while (!this.hasClosed) if (!(await this.next(patienceMs))) return 1006
    return this.closeCode ?? 1005
  }

  destroy(): void {
    this.socket.destroy()
  }

  async #shake({ host, pathname, search }: URL, headers: Readonly<Record<string, string>>): Promise<void> {
    const key = randomBytes(16).toString('base64')
    const lines = Object.entries({
      Host: host,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': key,
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`)
    this.socket.write(`GET ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n`)
    const rest = await this.#readHead()
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
    if (!this.head.startsWith('HTTP/1.1 101 ') || !this.head.includes(accept)) {
      this.socket.destroy()
      throw new Error(`expected a 101 with the right Sec-WebSocket-Accept, got ${this.head || 'nothing'}`)
    }
    this.#take(rest)
    this.socket.on('data', (chunk: Buffer) => this.#take(chunk))
  }

  /** Reads the answer to the handshake. → the bytes after it */
  #readHead(): Promise<Buffer> {
    return new Promise((resolve) => {
      let bytes = Buffer.alloc(0)
      const done = (rest: Buffer) => {
        clearTimeout(timer)
        this.socket.off('data', onData)
        resolve(rest)
      }
      const onData = (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk])
        const end = bytes.indexOf('\r\n\r\n')
        if (end < 0) return
        this.head = bytes.toString('latin1', 0, end)
        done(bytes.subarray(end + 4))
      }
      const timer = setTimeout(() => done(Buffer.alloc(0)), PATIENCE_MS)
      this.socket.on('data', onData)
      void this.ended.then(() => done(Buffer.alloc(0)))
    })
  }

  #take(chunk: Buffer): void {
    if (this.#isDeaf || this.#error) return
    try {
      for (const received of this.#reader.read(chunk)) {
        if (received.opcode === Op.close) {
          this.hasClosed = true
          this.closeCode = codeOf(received)
        }
        this.#queue.push(received)
      }
    } catch (error) {
      this.#error = error as Error
    }
    this.#wake()
  }
}
