/** One who waves in a room, which is not kept, and notes when it hears a wave; it comes back by itself. */
import { patiently } from '../support/patience.ts'

const WAVE_MS = 20
const AGAIN_MS = 20

export class Waver {
  /** When it heard one. */
  readonly waves: number[] = []
  readonly #url: string
  readonly #timer: ReturnType<typeof setInterval>
  #socket: WebSocket | undefined
  #isIn = false
  #hasLeft = false

  private constructor(url: string) {
    this.#url = `${url.replace('http', 'ws')}?client=${Math.random().toString(36).slice(2)}&offset=now`
    this.#timer = setInterval(() => this.#isIn && this.#socket?.send('{"type":"wave","data":1}'), WAVE_MS)
  }

  /** `url`: of the room. Resolves when it is in. */
  static async enter(url: string): Promise<Waver> {
    const waver = new Waver(url)
    await patiently(new Promise<void>((resolve) => waver.#open(resolve)), `a welcome at ${url}`)
    return waver
  }

  leave(): void {
    this.#hasLeft = true
    clearInterval(this.#timer)
    this.#socket?.close()
  }

  #open(welcomed: () => void): void {
    const socket = new WebSocket(this.#url)
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => {
      const { type } = JSON.parse(String(data))
      if (type === 'welcome') {
        this.#isIn = true
        welcomed()
      }
      if (type === 'waved') this.waves.push(performance.now())
    })
    socket.addEventListener('close', () => {
      if (socket !== this.#socket) return
      this.#isIn = false
      if (!this.#hasLeft) setTimeout(() => this.#open(() => {}), AGAIN_MS)
    })
  }
}
