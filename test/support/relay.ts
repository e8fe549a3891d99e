/** A network between a stock client and a server: it can be paused, as for who does not read, and cut without a word. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export class Relay {
  readonly port: number
  readonly #server: ReturnType<typeof createServer>
  /** The server's sides, each with the client's. */
  readonly #pairs: Map<Socket, Socket>
  #isPaused = false
  /** By the server's side: how many bytes it had read when the client asked last. */
  readonly #asked = new Map<Socket, number>()
  #cutsWhenAsked = false

  /** A relay to a port of this machine. */
  static async open(to: number): Promise<Relay> {
    const server = createServer({ allowHalfOpen: true })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new Relay(server, to)
  }

  private constructor(server: ReturnType<typeof createServer>, to: number) {
    this.#server = server
    this.#pairs = new Map()
    server.unref()
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (near) => this.#join(near, connect({ port: to, host: '127.0.0.1', allowHalfOpen: true })))
  }

  /** Nothing more from the server reaches the client. */
  pause(): void {
    this.#isPaused = true
    for (const [far, near] of this.#pairs) far.unpipe(near).pause()
  }

  resume(): void {
    this.#isPaused = false
    for (const [far, near] of this.#pairs) far.pipe(near)
  }

  /** Ends every connection, and takes no further one. */
  cut(): void {
    this.#server.close()
    for (const [far, near] of this.#pairs) {
      far.destroy()
      near.destroy()
    }
  }

  /**
   * The same, while a request of the client waits for its answer. The server learns at once then that a client that polls is
   * gone; of one that is cut off between two polls it waits for the next.
   */
  cutWhenAsked(): void {
    const asking = [...this.#pairs.keys()].find((far) => this.#asked.get(far) === far.bytesRead)
    if (asking) this.#cutBehind(asking)
    else this.#cutsWhenAsked = true
  }

  /** When the server's side has taken what it was given. */
  #cutBehind(far: Socket): void {
    far.write('', () => this.cut())
  }

  #join(near: Socket, far: Socket): void {
    this.#pairs.set(far, near)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => {})
      one.on('close', () => {
        other.destroySoon()
        this.#pairs.delete(far)
        this.#asked.delete(far)
      })
    }
    near.pipe(far)
    near.on('data', (bytes) => {
      if (bytes.toString('latin1', 0, 4) !== 'GET ') return
      this.#asked.set(far, far.bytesRead)
      if (this.#cutsWhenAsked) this.#cutBehind(far)
    })
    if (!this.#isPaused) far.pipe(near)
  }
}
