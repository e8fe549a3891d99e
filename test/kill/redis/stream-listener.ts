/**
 * One who reads a room's event stream and takes down what comes off it, as `subscriber.ts` does over a WebSocket. When the
 * stream ends it comes back at once with the offset it had last.
 */
import { type EventStreamReader, openStream } from '../../support/event-stream.ts'
import type { Heard } from '../checker.ts'

const AGAIN_MS = 20

export class StreamListener {
  readonly #url: string
  readonly #record: (heard: Heard) => void
  #offset = '-1'
  #stream: EventStreamReader | undefined
  #hasLeft = false
  readonly ended: Promise<void>

  /** `url`: of the room. */
  constructor(url: string, record: (heard: Heard) => void) {
    this.#url = url
    this.#record = record
    this.ended = this.#listen()
  }

  leave(): void {
    this.#hasLeft = true
    this.#stream?.close()
  }

  async #listen(): Promise<void> {
    while (!this.#hasLeft) {
      const asked = this.#offset !== '-1'
      try {
        this.#stream = await openStream(`${this.#url}?offset=${this.#offset}&live=sse`)
        // A reader that is told of nothing resumes.
        this.#record({ kind: 'welcome', asked, resumed: asked || undefined, seq: 0 })
        for (;;) this.#hear(await this.#stream.next())
      } catch {
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
      }
    }
  }

  #hear({ event, data }: { event: string; data: string }): void {
    const said = JSON.parse(data)
    if (event === 'control') this.#offset = said.streamNextOffset
    if (event !== 'data') return
    for (const each of said) {
      if (each.type === 'reset') this.#record({ kind: 'reset', seq: each.data.seq })
      else this.#record({ kind: 'event', seq: each.seq, key: each.data.text })
    }
  }
}
