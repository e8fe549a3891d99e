/**
 * A bare TCP client that sends what no well-behaved client sends: broken handshakes, bodies, targets. It reads the answer
 * itself, so that nothing between the test and the wire mends it.
 */
import { connect, type Socket } from 'node:net'
import { PATIENCE_MS, patiently } from './patience.ts'

/** The example of RFC 6455, 1.2. */
export const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

export interface Answer {
  readonly status: number
  /** Names in lower case; of a repeated header, the last. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The `error` of a JSON body. */
  readonly error: string | undefined
}

export type Headers = readonly (readonly [name: string, value: string])[]

/** The text of a request, to the letter. */
export function request(line: string, headers: Headers): string {
  return `${line} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

/** The headers of a good handshake; `change` replaces a value, or with `undefined` leaves the header out. */
export function handshake(change: Readonly<Record<string, string | undefined>> = {}): Headers {
  const good = {
    Host: '127.0.0.1',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': KEY,
  }
  return Object.entries({ ...good, ...change }).filter((header): header is [string, string] => header[1] !== undefined)
}

/** A masked frame that ends its message, with the mask 0: what it carries is seen on the wire as it is. */
export function frame(opcode: number, payload: string | Buffer, isFinal = true): Buffer {
  const bytes = Buffer.from(payload)
  const length = bytes.length < 126 ? [0x80 | bytes.length] : [0x80 | 126, bytes.length >> 8, bytes.length & 0xff]
  return Buffer.concat([Buffer.from([(isFinal ? 0x80 : 0) | opcode, ...length, 0, 0, 0, 0]), bytes])
}

export class RawClient {
  readonly socket: Socket
  readonly #ended: Promise<void>
  #bytes = Buffer.alloc(0)
  #isEnded = false
  #wake = () => {}

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1' })
    this.socket.on('error', () => {})
    this.socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk])
      this.#wake()
    })
    this.#ended = new Promise((resolve) => {
      const end = () => {
        this.#isEnded = true
        this.#wake()
        resolve()
      }
      this.socket.on('end', end).on('close', end)
    })
  }

  /** Resolves when the connection has ended, by a FIN or a reset. */
  get ended(): Promise<void> {
    return patiently(this.#ended, 'the end of the connection')
  }

  /** Writes in the given pieces, each in a packet of its own as far as a program can say so. */
  async write(...pieces: (string | Buffer)[]): Promise<void> {
    this.socket.setNoDelay(true)
    for (const piece of pieces) {
      await new Promise<void>((resolve) => this.socket.write(Buffer.from(piece), () => resolve()))
    }
  }

  /** The next whole answer. `toHead`: the request was a HEAD, so no body follows. */
  async answer(toHead = false): Promise<Answer> {
    const end = await this.#until(() => this.#bytes.indexOf('\r\n\r\n') + 1, 'the head of an answer')
    const [line = '', ...lines] = this.#bytes.toString('latin1', 0, end - 1).split('\r\n')
    const headers = Object.fromEntries(
      lines.map((text) => [text.split(':')[0]?.toLowerCase(), text.replace(/^[^:]*: */, '')]),
    )
    const length = toHead || line.includes(' 101 ') ? 0 : Number(headers['content-length'] ?? 0)
    const start = end + 3
    await this.#until(() => this.#bytes.length >= start + length, 'the body of an answer')
    const body = this.#bytes.toString('utf8', start, start + length)
    this.#bytes = this.#bytes.subarray(start + length)
    return { status: Number(line.split(' ')[1]), headers, body, error: errorOf(body) }
  }

  /** The payload of the next unmasked frame, as text; a close frame as its code and reason. */
  async frame(): Promise<string> {
    await this.#until(() => this.#bytes.length >= 2, 'the head of a frame')
    const short = (this.#bytes[1] ?? 0) & 0x7f
    const start = short === 126 ? 4 : 2
    await this.#until(() => this.#bytes.length >= start, 'the length of a frame')
    const end = start + (short === 126 ? this.#bytes.readUInt16BE(2) : short)
    await this.#until(() => this.#bytes.length >= end, 'a whole frame')
    const isClose = ((this.#bytes[0] ?? 0) & 0xf) === 8
    const payload = this.#bytes.subarray(start, end)
    this.#bytes = this.#bytes.subarray(end)
    return isClose ? `close ${payload.readUInt16BE(0)} ${payload.subarray(2)}` : payload.toString()
  }

  /** Everything that came after the last answer, once the server has ended the connection. */
  async rest(): Promise<string> {
    await this.#until(() => this.#isEnded, 'the end of the connection')
    return this.#bytes.toString()
  }

  /** Resets the connection instead of closing it. */
  reset(): void {
    this.socket.resetAndDestroy()
  }

  async #until<T>(found: () => T, wanted: string): Promise<T> {
    const deadline = performance.now() + PATIENCE_MS
    for (;;) {
      const value = found()
      if (value) return value
      const leftMs = deadline - performance.now()
      if (this.#isEnded || leftMs <= 0) {
        throw new Error(
          `expected ${wanted}; ${this.#isEnded ? 'the connection ended' : 'it did not come'}; got ${this.#bytes}`,
        )
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
}

/** One request on a connection of its own, its answer, and what came after it until the server ended the connection. */
export async function exchange(port: number, ...pieces: (string | Buffer)[]): Promise<Answer & { rest: string }> {
  const client = new RawClient(port)
  try {
    await client.write(...pieces)
    const answer = await client.answer()
    return { ...answer, rest: await client.rest() }
  } finally {
    client.socket.destroy()
  }
}

function errorOf(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { error?: string }).error
  } catch {
    return undefined
  }
}
