/**
 * Publishers and subscribers of one room. Publishers use the product's own client: it comes back by itself, resumes, and
 * sends unanswered messages again; what it hands to its application is recorded as well. Subscribers stand on the
 * bare wire (`subscriber.ts`).
 */
import { type ClientRoom, connect } from '../../src/client/client.ts'
import type { Recorder } from './recorder.ts'
import { Subscriber } from './subscriber.ts'

/** So impatient that a server that comes back is met at once. */
const retry = { firstMs: 20, restartMs: 20, baseMs: 10, capMs: 100 }
/** Messages each publisher has on their way. */
const AT_ONCE = 4

export class Crew {
  readonly #recorder: Recorder
  readonly #subscribers: Subscriber[] = []
  readonly #publishers: ClientRoom[] = []
  readonly #loops: Promise<void>[] = []
  #isStopped = false

  constructor(recorder: Recorder, url: string, publishers: number, subscribers: number) {
    this.#recorder = recorder
    for (let i = 1; i <= subscribers; i += 1) {
      this.#subscribers.push(new Subscriber(url, recorder.listener(`subscriber ${i}`)))
    }
    for (let i = 1; i <= publishers; i += 1) {
      const room = connect('/room', { url, name: `publisher ${i}`, retry })
      this.#publishers.push(room)
      this.#listen(room, `publisher ${i}`)
      for (let line = 1; line <= AT_ONCE; line += 1) this.#loops.push(this.#speak(room, `${i}.${line}`))
    }
  }

  /** Says nothing new, and waits until all is answered. */
  async rest(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#loops)
  }

  leave(): void {
    this.#isStopped = true
    for (const subscriber of this.#subscribers) subscriber.leave()
    for (const room of this.#publishers) room.close()
  }

  /** Takes down what the client hands to its application. */
  #listen(room: ClientRoom, name: string): void {
    const record = this.#recorder.listener(name)
    let asked = false
    room.onState(({ state }) => {
      if (state !== 'open') return
      // A resume that failed shows as a `reset`, which follows.
      record({ kind: 'welcome', asked, resumed: asked || undefined, seq: 1 })
      asked = true
    })
    room.on('reset', ({ data }) => record({ kind: 'reset', seq: data.seq }))
    room.on('message', ({ seq = 0, data }) => record({ kind: 'event', seq, key: (data as { text: string }).text }))
  }

  async #speak(room: ClientRoom, name: string): Promise<void> {
    for (let count = 1; !this.#isStopped; count += 1) {
      const key = `${name}:${count}`
      this.#recorder.invoked(key)
      const ack = await room.send('message', { text: key } as never).catch(() => undefined)
      this.#recorder.answered(key, ack)
    }
  }
}
