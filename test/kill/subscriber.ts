/**
 * One who only listens, and takes down what comes off the wire itself: each welcome, each event. When the connection is
 * lost it comes back at once and asks to resume after the last event it saw; nothing is mended in between. A further
 * welcome of a connection, where the room has moved to another node, is one of who asked if it had heard anything.
 */
import type { Heard } from './checker.ts'

const AGAIN_MS = 20

export class Subscriber {
  readonly #url: string
  readonly #record: (heard: Heard) => void
  readonly #client = Math.random().toString(36).slice(2)
  #epoch = ''
  #seen: number | undefined
  #socket: WebSocket | undefined
  #hasLeft = false

  /** `url`: of the server, with a slash at the end. */
  constructor(url: string, record: (heard: Heard) => void, path = '/room') {
    this.#url = url.replace(/^http/, 'ws') + path.slice(1)
    this.#record = record
    this.#join()
  }

  leave(): void {
    this.#hasLeft = true
    this.#socket?.close()
  }

  #join(): void {
    if (this.#hasLeft) return
    const asked = this.#seen !== undefined
    const offset = asked ? `&offset=${this.#epoch}_${String(this.#seen).padStart(16, '0')}` : ''
    const socket = new WebSocket(`${this.#url}?client=${this.#client}${offset}`)
    this.#socket = socket
    let isFirst = true
    socket.addEventListener('message', ({ data }) => {
      this.#hear(String(data), isFirst ? asked : this.#seen !== undefined)
      isFirst = false
    })
    socket.addEventListener('close', () => setTimeout(() => this.#join(), Math.random() * AGAIN_MS))
  }

  #hear(text: string, asked: boolean): void {
    const { type, seq, data } = JSON.parse(text)
    if (type === 'welcome') {
      this.#epoch = data.epoch
      this.#seen ??= data.seq === 0 ? 0 : undefined
      if (data.resumed === false) this.#seen = undefined
      this.#record({ kind: 'welcome', asked, resumed: data.resumed, seq: data.seq })
    } else if (type === 'reset') {
      this.#epoch = data.epoch
      this.#record({ kind: 'reset', seq: data.seq })
    } else if (seq !== undefined && type !== 'ack') {
      this.#seen = seq
      this.#record({ kind: 'event', seq, key: data.text })
    }
  }
}
