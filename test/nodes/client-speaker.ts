/** One who speaks and listens with the product's own client, which says unanswered messages again by itself. */
import { type ClientRoom, connect } from '../../src/client/client.ts'
import type { Heard } from '../kill/checker.ts'
import { Speaker } from '../kill/redis/speakers.ts'

/** So impatient that a node that comes back is met at once. */
const retry = { firstMs: 20, restartMs: 20, baseMs: 10, capMs: 100 }

export class ClientSpeaker extends Speaker {
  readonly #room: ClientRoom
  readonly #states: string[] = []

  /** `url`: of the room. */
  constructor(url: string, name: string, record: (heard: Heard) => void) {
    super(url, name)
    this.#room = connect(url, { name, retry })
    let asked = false
    this.#room.onState(({ state }) => {
      this.#states.push(state)
      if (state !== 'open') return
      // A resume that failed shows as a `reset`, which follows.
      record({ kind: 'welcome', asked, resumed: asked || undefined, seq: 1 })
      asked = true
    })
    this.#room.on('reset', ({ data }) => record({ kind: 'reset', seq: data.seq }))
    this.#room.on('said', ({ seq = 0, data }) => record({ kind: 'event', seq, key: (data as { text: string }).text }))
  }

  /** How often its connection was lost. */
  get losses(): number {
    return this.#states.filter((state) => state === 'waiting').length
  }

  /** Its messages have ids of the client's own. */
  override async repeat(): Promise<string[]> {
    return []
  }

  leave(): void {
    this.#room.close()
  }

  protected async say(text: string) {
    try {
      const { seq, kept, duplicate } = await this.#room.send('say', { text } as never)
      return { outcome: 'acked', seq, kept, isDuplicate: duplicate === true }
    } catch {
      return undefined
    }
  }
}
