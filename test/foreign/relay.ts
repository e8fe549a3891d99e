/**
 * Between a foreign client and the server: passes the bytes on, keeps the heads of the handshake and the client's bytes,
 * counts the server's, and can cut the connection as a failing network does.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { patiently } from '../support/patience.ts'
import { type Frame, framesOfClient } from './client-frames.ts'

export class Relay {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #up: Buffer[] = []
  #down: Buffer[] = []
  #arrived = () => {}

  static async open(port: number): Promise<Relay> {
    const relay = new Relay(port)
    relay.#server.listen(0, '127.0.0.1')
    await once(relay.#server, 'listening')
    return relay
  }

  private constructor(port: number) {
    this.#server = createServer((client) => {
      this.#up = []
      this.#down = []
      const server = connect(port, '127.0.0.1')
      this.#pass(client, server, (chunk) => this.#up.push(chunk))
      this.#pass(server, client, (chunk) => this.#down.push(chunk))
    })
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Of the newest connection: the lines of the request and of the response. */
  get request(): string {
    return headOf(this.#up)
  }

  get response(): string {
    return headOf(this.#down)
  }

  /** A header of the newest connection's request. */
  header(name: string): string | undefined {
    return headerOf(this.request, name)
  }

  /** How many bytes the newest connection has carried so far, from the client and from the server. */
  get carried(): { up: number; down: number } {
    return { up: Buffer.concat(this.#up).length, down: Buffer.concat(this.#down).length }
  }

  /** The first frame of this opcode that the client of the newest connection sends. */
  frame(opcode: number): Promise<Frame> {
    return patiently(this.#frame(opcode), `a frame of opcode ${opcode}`)
  }

  async #frame(opcode: number): Promise<Frame> {
    for (;;) {
      const bytes = Buffer.concat(this.#up)
      const found = framesOfClient(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4)).find((each) => each.opcode === opcode)
      if (found) return found
      await new Promise<void>((resolve) => {
        this.#arrived = resolve
      })
    }
  }

  /** Ends every connection at once, without a close frame. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #pass(from: Socket, to: Socket, note: (chunk: Buffer) => void): void {
    this.#sockets.add(from)
    from.setNoDelay(true)
    from.on('error', () => {}) // `close` follows
    from.on('data', (chunk: Buffer) => {
      note(chunk)
      to.write(chunk)
      this.#arrived()
    })
    from.on('end', () => to.end())
    from.on('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
  }
}

export function headerOf(head: string, name: string): string | undefined {
  return new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1]?.trim()
}

function headOf(chunks: readonly Buffer[]): string {
  const text = Buffer.concat(chunks).toString('latin1')
  return text.slice(0, text.indexOf('\r\n\r\n')).replaceAll('\r', '')
}
