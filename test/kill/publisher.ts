/**
 * One who says messages as fast as they are answered, over a bare WebSocket or by POST, and takes down what became of
 * each; nothing is sent again by itself. When the server is back, `repeat` sends again what was not acknowledged, under
 * the same ids: that must be safe.
 */
import type { Said } from './checker.ts'
import { RawPeer } from './raw-peer.ts'

/** Messages each has on their way. */
const WINDOW = 8

export abstract class Publisher {
  protected readonly url: string
  protected readonly name: string
  readonly #said = new Map<string, Said>()

  /** `url`: of the server, with a slash at the end. */
  constructor(url: string, name: string) {
    this.url = url
    this.name = name
  }

  get said(): Said[] {
    return [...this.#said.values()]
  }

  count(outcome: Said['outcome']): number {
    return this.said.filter((each) => each.outcome === outcome).length
  }

  /** Says messages until nobody answers. */
  abstract publish(): Promise<void>
  /** Sends unacknowledged messages again. Resolves when all are acknowledged. */
  abstract repeat(): Promise<void>
  abstract leave(): void

  /** → the id of a new message, which is its text too. */
  protected next(): string {
    const key = `${this.name}:${this.#said.size + 1}`
    this.#said.set(key, { key, outcome: 'unanswered' })
    return key
  }

  protected answered(key: string, outcome: 'acked' | 'refused', seq?: number): void {
    this.#said.set(key, { key, outcome, seq })
  }

  protected get open(): string[] {
    return this.said.filter(({ outcome }) => outcome !== 'acked').map(({ key }) => key)
  }
}

export class SocketPublisher extends Publisher {
  #peer: RawPeer | undefined

  async publish(): Promise<void> {
    const begin = () => {
      for (let left = WINDOW; left > 0; left -= 1) this.#say(this.next())
    }
    await this.#connect(begin, () => this.#say(this.next())).closed
  }

  async repeat(): Promise<void> {
    if (this.open.length === 0) return
    await new Promise<void>((resolve) => {
      const begin = () => {
        for (const key of this.open) this.#say(key)
      }
      this.#connect(begin, () => this.open.length === 0 && resolve())
    })
  }

  leave(): void {
    this.#peer?.end()
  }

  #connect(begin: () => void, answered: () => void): RawPeer {
    const hear = (text: string) => {
      if (text.startsWith('{"type":"welcome"')) begin()
      if (!/^\{"type":"(ack|error)"/.test(text)) return
      const { type, id, seq } = JSON.parse(text)
      this.answered(id, type === 'ack' ? 'acked' : 'refused', seq)
      answered()
    }
    this.#peer = new RawPeer(Number(new URL(this.url).port), `/room?client=${this.name}`, hear)
    return this.#peer
  }

  #say(key: string): void {
    this.#peer?.send(`{"type":"message","data":{"text":"${key}"},"id":"${key}"}`)
  }
}

export class PostPublisher extends Publisher {
  async publish(): Promise<void> {
    const loops = Array.from({ length: WINDOW }, async () => {
      while (await this.#say(this.next()));
    })
    await Promise.all(loops)
  }

  async repeat(): Promise<void> {
    for (const key of this.open) if (!(await this.#say(key))) throw new Error(`${key} was not taken`)
  }

  leave(): void {}

  /** → whether it was acknowledged. */
  async #say(key: string): Promise<boolean> {
    const body = JSON.stringify({ type: 'message', data: { text: key }, id: key })
    const headers = { 'Content-Type': 'application/json' }
    const answer = await fetch(`${this.url}room?client=${this.name}`, { method: 'POST', headers, body }).catch(() => {})
    if (answer) this.answered(key, answer.ok ? 'acked' : 'refused')
    return answer?.ok ?? false
  }
}
