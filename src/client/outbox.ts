/**
 * What was said and not yet answered: queued while offline, sent in order, sent again under the same id until the
 * server answers. `client.ts` opens it at a welcome, pauses it at a loss, and brings the answers.
 */
import { hintMs } from './backoff.ts'
import { CorridorError } from './error.ts'
import type { Ack, Frame, Problem, Retry } from './types.ts'

/** Messages on their way at once, below the burst that rooms allow (40). */
const MAX_WINDOW = 16
/** The server promises an answer within 5 s. */
const ANSWER_WITHIN_MS = 15_000
/** Answers that mean: say it again later. */
const AGAIN = ['unavailable', 'rate_limited']

interface Message {
  /** JSON of type and data. */
  said: string
  /** What goes out, made when it first may: until then the message has no id. */
  text: string | undefined
  /** When it went out on this connection (ms since 1970). */
  sentAt: number | undefined
  resolve(ack: Ack): void
  reject(error: CorridorError): void
  /** Nobody may be waiting for it, and that must not count as an unhandled rejection. */
  ignore(): void
}

export class Outbox {
  /** In the order they were said; only the first `#window` of them are on their way. */
  #messages = new Set<Message>()
  /** Those that have an id. */
  #ids = new Map<string, Message>()
  #window = MAX_WINDOW
  #refusals = 0
  #rest: ReturnType<typeof setTimeout> | undefined
  #write: ((text: string) => void) | undefined
  /** How far the server's clock is ahead of ours (ms). */
  #aheadMs = 0
  /** With time and count it makes ids that no other run under the same client has used. */
  #session: string
  #count = 0
  #max: number
  #retry: Retry

  constructor(session: string, max: number, retry: Retry) {
    this.#session = session
    this.#max = max
    this.#retry = retry
  }

  add(type: string, data: unknown): Promise<Ack> {
    const promise = new Promise<Ack>((resolve, reject) => {
      if (this.#messages.size >= this.#max) {
        throw new CorridorError('queue_full', `${this.#max} messages wait for an answer already`)
      }
      const said = JSON.stringify({ type, data })
      const ignore = () => void promise.catch(() => {})
      this.#messages.add({ said, text: undefined, sentAt: undefined, resolve, reject, ignore })
    })
    this.#pump()
    return promise
  }

  /**
   * A UUIDv7 (RFC 9562, 5.7) of the server's time: it forgets ids after a day or more, and tells by their time which they
   * may be. So an id is made when its message first goes out, not when it is said: it may have waited for days.
   */
  #newId(): string {
    const time = Math.max(0, Date.now() + this.#aheadMs)
      .toString(16)
      .padStart(12, '0')
    const count = (++this.#count & 0xfff).toString(16).padStart(3, '0')
    const random = this.#session
    return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-8${random.slice(0, 3)}-${random.slice(3, 15)}`
  }

  /** `serverMs`: the server's time now (ms since 1970). */
  open(write: (text: string) => void, serverMs: number | undefined): void {
    this.#write = write
    if (serverMs !== undefined) this.#aheadMs = serverMs - Date.now()
    this.#pump()
  }

  /** The connection is lost: what was on its way is to be sent again. */
  pause(): void {
    this.#write = undefined
    clearTimeout(this.#rest)
    this.#rest = undefined
    for (const message of this.#messages) message.sentAt = undefined
  }

  acknowledged({ id = '', seq, kept = 'memory', duplicate }: Frame): void {
    this.#refusals = 0
    this.#window = Math.min(this.#window + 1, MAX_WINDOW)
    this.#take(id)?.resolve({ id, kept, ...(seq !== undefined && { seq }), ...(duplicate && { duplicate }) })
    this.#pump()
  }

  refused(id: string, data: unknown): void {
    const { code, message, issues, details } = data as Problem['data']
    if (AGAIN.includes(code)) this.#sendLater(id, message)
    else this.#take(id)?.reject(new CorridorError(code, message, issues, details))
    this.#pump()
  }

  /** True if the oldest message should have been answered long ago. */
  isOverdue(now: number): boolean {
    const [oldest] = this.#messages.values()
    if (oldest?.sentAt === undefined || now - oldest.sentAt < ANSWER_WITHIN_MS) return false
    this.#window = 1 // perhaps we said more than the line carries
    return true
  }

  /** The server closed because a message was too large: of those on their way the largest is one. */
  rejectLargest(): void {
    const encoder = new TextEncoder()
    let largest = ''
    let most = 0
    for (const [id, { text, sentAt }] of this.#ids) {
      const bytes = sentAt === undefined ? 0 : encoder.encode(text).length
      if (bytes > most) [largest, most] = [id, bytes]
    }
    this.#take(largest)?.reject(new CorridorError('too_large', `${most} bytes are more than this room takes`))
  }

  rejectAll(why: string): void {
    this.pause()
    for (const message of this.#messages) {
      message.ignore()
      message.reject(new CorridorError('closed', `${why}; this message was not answered, it may have been handled`))
    }
    this.#messages.clear()
    this.#ids.clear()
  }

  /** Sends what may be on its way and is not. */
  #pump(): void {
    if (!this.#write || this.#rest) return
    let onTheirWay = 0
    for (const message of this.#messages) {
      if (++onTheirWay > this.#window) return
      if (message.sentAt !== undefined) continue
      message.sentAt = Date.now()
      message.text ??= this.#textOf(message)
      this.#write(message.text)
    }
  }

  #textOf(message: Message): string {
    const id = this.#newId()
    this.#ids.set(id, message)
    return `${message.said.slice(0, -1)},"id":"${id}"}`
  }

  /** A rest for all, then one by one, so that order holds and a limit is met softly. */
  #sendLater(id: string, why: string): void {
    const refused = this.#ids.get(id)
    if (!refused) return
    refused.sentAt = undefined
    this.#window = 1
    if (this.#rest) return
    const { baseMs, capMs } = this.#retry
    const restMs = Math.min(capMs, hintMs(why) ?? baseMs * 2 ** this.#refusals++)
    this.#rest = setTimeout(
      () => {
        this.#rest = undefined
        this.#pump()
      },
      restMs * (1 + Math.random() / 2),
    )
  }

  #take(id: string): Message | undefined {
    const message = this.#ids.get(id)
    if (!message) return undefined
    this.#ids.delete(id)
    this.#messages.delete(message)
    return message
  }
}
