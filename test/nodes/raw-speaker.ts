/**
 * One who speaks over a bare socket, so cheaply that many of them leave the machine to the nodes: as fast as it is answered,
 * or what is due at a time, however much of what was due before is not answered yet.
 */
import { RawPeer } from '../kill/raw-peer.ts'
import { Speaker } from '../kill/redis/speakers.ts'

interface Answer {
  readonly outcome: string
  readonly seq: number | undefined
  readonly isDuplicate: boolean
}

/** A message that was said when it was due. */
export interface DueMessage {
  readonly dueMs: number
  /** When it was acknowledged, however often it had to be said for it. */
  ackedMs: number | undefined
}

export class RawSpeaker extends Speaker {
  #peer: Promise<RawPeer> | undefined
  readonly #waiting = new Map<string, (answer: Answer | undefined) => void>()
  /** How often it had to come back. */
  losses = 0
  #hasLeft = false
  readonly due: DueMessage[] = []
  readonly #pending = new Set<Promise<void>>()

  /** Says a message that was due at this time. */
  sayDue(dueMs: number): void {
    const message: DueMessage = { dueMs, ackedMs: undefined }
    this.due.push(message)
    const pending = this.untilAcked(`${this.name}-due:${this.due.length}`).then(() => {
      message.ackedMs = performance.now()
      this.#pending.delete(pending)
    })
    this.#pending.add(pending)
  }

  override async rest(): Promise<void> {
    await super.rest()
    await Promise.all(this.#pending)
  }

  leave(): void {
    this.#hasLeft = true
    void this.#peer?.then((peer) => peer.end()).catch(() => {})
  }

  protected async say(text: string): Promise<Answer | undefined> {
    this.#peer ??= this.#connect()
    const peer = await this.#peer.catch(() => undefined)
    if (!peer || this.#hasLeft) return undefined
    return new Promise((resolve) => {
      this.#waiting.set(text, resolve)
      peer.send(`{"type":"say","data":{"text":"${text}"},"id":"${text}"}`)
    })
  }

  #connect(): Promise<RawPeer> {
    const { hostname, port, pathname } = new URL(this.url)
    return new Promise((resolve, reject) => {
      const hear = (text: string) => {
        if (text.startsWith('{"type":"welcome"')) resolve(peer)
        else if (/^\{"type":"(?:ack|error)"/.test(text)) this.#hear(text)
      }
      const path = `${pathname}?client=${this.name}&offset=now`
      const peer: RawPeer = new RawPeer(Number(port), path, hear, { host: hostname, mayBeRefused: true })
      void peer.closed.then(() => {
        this.#peer = undefined
        this.losses += 1
        reject(new Error('closed'))
        for (const text of [...this.#waiting.keys()]) this.#answer(text, undefined)
      })
    })
  }

  #hear(text: string): void {
    const { type, id, seq, duplicate, data } = JSON.parse(text)
    this.#answer(id, { outcome: type === 'ack' ? 'acked' : data.code, seq, isDuplicate: duplicate === true })
  }

  #answer(text: string, answer: Answer | undefined): void {
    this.#waiting.get(text)?.(answer)
    this.#waiting.delete(text)
  }
}
