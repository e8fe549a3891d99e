/**
 * A cable between clients and a server: it passes bytes both ways until the test cuts it, which is how a connection is
 * lost. While it is unplugged, nobody gets through; it can lead to another server after a restart.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export class Cable {
  readonly #ends = new Set<Socket>()
  readonly #server = createServer((near) => this.#join(near))
  #port: number
  #isUnplugged = false

  private constructor(port: number) {
    this.#port = port
  }

  /** `port`: of the server, on this machine. */
  static async to(port: number): Promise<Cable> {
    const cable = new Cable(port)
    cable.#server.listen(0, '127.0.0.1')
    await once(cable.#server, 'listening')
    return cable
  }

  /** What a client connects to instead of the server. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Destroys all connections; new ones get through. */
  cut(): void {
    for (const end of this.#ends) end.resetAndDestroy()
  }

  /** Destroys all connections and every new one, until `plug`. */
  unplug(): void {
    this.#isUnplugged = true
    this.cut()
  }

  /** `port`: of the server from now on. */
  plug(port = this.#port): void {
    this.#port = port
    this.#isUnplugged = false
  }

  async close(): Promise<void> {
    this.unplug()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(near: Socket): void {
    if (this.#isUnplugged) {
      near.resetAndDestroy()
      return
    }
    const far = connect(this.#port, '127.0.0.1')
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#ends.add(end)
      end.pipe(other)
      end.on('error', () => other.resetAndDestroy())
      end.on('close', () => {
        this.#ends.delete(end)
        other.destroy()
      })
    }
  }
}
