/**
 * Those who speak in a room while its Redis fails, over WebSockets and by POST. Each message has an id; what is refused, or
 * whose answer is lost with its connection, is said again under it until it is acknowledged. Every answer is noted.
 */
import type { Said } from '../checker.ts'

/** Messages each has on their way. */
const WINDOW = 4
const AGAIN_MS = 50
/** Messages of each that are said again in the end. */
const REPEATED = 20

/** One time a message was said. */
export interface Try {
  readonly saidMs: number
  /** When it was answered, or its connection ended. */
  readonly endedMs: number
  /** `acked`, or the code of the error; `undefined`: its connection ended first. */
  readonly outcome?: string
  readonly seq?: number | undefined
  readonly kept?: string
  readonly isDuplicate?: boolean
}

type Answer = Pick<Try, 'seq'> & { readonly outcome: string; readonly kept?: string; readonly isDuplicate: boolean }

export abstract class Speaker {
  protected readonly url: string
  protected readonly name: string
  /** By the text of the message, which is its id too. */
  readonly tries = new Map<string, Try[]>()
  readonly #loops: Promise<void>[] = []
  #isStopped = false

  /** `url`: of the room. */
  constructor(url: string, name: string) {
    this.url = url
    this.name = name
  }

  begin(): void {
    for (let line = 0; line < WINDOW; line += 1) this.#loops.push(this.#speak(`${this.name}-${line}`))
  }

  /** Says nothing new. Resolves when all is acknowledged. */
  async rest(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#loops)
  }

  get said(): Said[] {
    return [...this.tries].map(([key, tries]) => {
      const acked = tries.find(({ outcome }) => outcome === 'acked')
      return { key, outcome: acked ? 'acked' : 'unanswered', seq: acked?.seq }
    })
  }

  /** Says acknowledged messages again, the newest of each line. Resolves with those that were not answered as at first. */
  async repeat(isOld: (tries: readonly Try[]) => boolean): Promise<string[]> {
    const wrong: string[] = []
    for (const [text, tries] of [...this.tries].filter(([, tries]) => !isOld(tries)).slice(-REPEATED)) {
      const first = tries.find(({ outcome }) => outcome === 'acked')
      const again = await this.#try(text)
      if (again.outcome !== 'acked' || again.seq !== first?.seq)
        wrong.push(`retry: ${text} was acked at ${first?.seq}, then answered ${again.outcome} ${again.seq}`)
    }
    return wrong
  }

  abstract leave(): void
  /** Says a message once. Resolves with its answer; `undefined`: the connection has ended. */
  protected abstract say(text: string): Promise<Answer | undefined>

  /** Says a message again and again. Resolves when it is acknowledged. */
  protected async untilAcked(text: string): Promise<void> {
    const tries: Try[] = []
    this.tries.set(text, tries)
    for (;;) {
      const attempt = await this.#try(text)
      tries.push(attempt)
      if (attempt.outcome === 'acked') return
      await pause(AGAIN_MS)
    }
  }

  async #try(text: string): Promise<Try> {
    const saidMs = performance.now()
    const answer = await this.say(text)
    return { saidMs, endedMs: performance.now(), ...answer }
  }

  async #speak(line: string): Promise<void> {
    for (let count = 1; !this.#isStopped; count += 1) {
      await this.untilAcked(`${line}:${count}`)
    }
  }
}

export class SocketSpeaker extends Speaker {
  #socket: Promise<WebSocket> | undefined
  readonly #waiting = new Map<string, (answer: Answer | undefined) => void>()
  #hasLeft = false

  leave(): void {
    this.#hasLeft = true
    void this.#socket?.then((socket) => socket.close()).catch(() => {})
  }

  protected async say(text: string): Promise<Answer | undefined> {
    this.#socket ??= this.#connect()
    const socket = await this.#socket.catch(() => undefined)
    if (!socket || this.#hasLeft) return undefined
    return new Promise((resolve) => {
      this.#waiting.set(text, resolve)
      socket.send(JSON.stringify({ type: 'say', data: { text }, id: text }))
    })
  }

  #connect(): Promise<WebSocket> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`${this.url.replace('http', 'ws')}?client=${this.name}&offset=now`)
      socket.addEventListener('message', ({ data }) => {
        const { type, id, seq, kept, duplicate, data: error } = JSON.parse(String(data))
        if (type === 'welcome') resolve(socket)
        if (type === 'ack') this.#answer(id, { outcome: 'acked', seq, kept, isDuplicate: duplicate === true })
        if (type === 'error' && id !== undefined) this.#answer(id, { outcome: error.code, seq, isDuplicate: false })
      })
      socket.addEventListener('close', () => {
        this.#socket = undefined
        reject(new Error('closed'))
        for (const text of [...this.#waiting.keys()]) this.#answer(text, undefined)
      })
    })
  }

  #answer(text: string, answer: Answer | undefined): void {
    this.#waiting.get(text)?.(answer)
    this.#waiting.delete(text)
  }
}

export class PostSpeaker extends Speaker {
  leave(): void {}

  protected async say(text: string): Promise<Answer | undefined> {
    const body = JSON.stringify({ type: 'say', data: { text }, id: text })
    const headers = { 'Content-Type': 'application/json', Accept: 'application/json' }
    try {
      const answer = await fetch(`${this.url}?client=${this.name}`, { method: 'POST', headers, body })
      const { seq, error } = (await answer.json()) as { seq?: number; error?: string }
      return { outcome: answer.ok ? 'acked' : (error ?? String(answer.status)), seq, isDuplicate: false }
    } catch {
      // The server has ended the connection.
      return undefined
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
