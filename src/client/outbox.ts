/**
 * The unanswered messages: queued while offline, sent in order, and sent again under the same id until the server
 * answers. `client.ts` opens it at a welcome, pauses it at a loss, and passes the answers.
 */
import { hintMs } from './backoff.ts'
import { CorridorError } from './error.ts'
import type { Ack, Problem, Retry, ServerFrame } from './types.ts'

/** Messages in flight at most, below the default burst limit of rooms (40). */
const MAX_WINDOW = 16
/** The server answers within 5 s. */
const ANSWER_TIMEOUT_MS = 15_000
/** Error codes after which the message is sent again later. */
const RETRIED = ['unavailable', 'rate_limited']

interface QueuedMessage {
  /** JSON of type and data. */
  body: string
  /** The frame, made when it is first sent; until then the message has no id. */
  text: string | undefined
  /** When it was sent on this connection (ms since 1970). */
  sentAt: number | undefined
  resolve(ack: Ack): void
  reject(error: CorridorError): void
  /** Keeps its rejection from being an unhandled one if the application does not wait for it. */
  ignore(): void
}

export class Outbox {
  /** In the order of `send`; only the first `#window` of them are in flight. */
  #messages = new Set<QueuedMessage>()
  /** The messages that have an id. */
  #ids = new Map<string, QueuedMessage>()
  #window = MAX_WINDOW
  #refusals = 0
  /** Runs while nothing is sent, after a refusal. */
  #retryTimer: ReturnType<typeof setTimeout> | undefined
  #write: ((text: string) => void) | undefined
  /** How much the server's clock is ahead of ours (ms). */
  #aheadMs = 0
  /** Random; with time and count it makes ids that no other session of this client id has used. */
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
      const body = JSON.stringify({ type, data })
      const ignore = () => void promise.catch(() => {})
      this.#messages.add({ body, text: undefined, sentAt: undefined, resolve, reject, ignore })
    })
    this.#pump()
    return promise
  }

  /**
   * Makes a UUIDv7 (RFC 9562, 5.7) of the server's time. The server forgets ids after a day or more, and compares their
   * time with its own. So an id is made when its message is first sent: it may have waited in the queue for days.
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

  /** The connection is lost, or the room has moved: messages in flight will be sent again. */
  pause(): void {
    this.#write = undefined
    clearTimeout(this.#retryTimer)
    this.#retryTimer = undefined
    for (const message of this.#messages) message.sentAt = undefined
  }

  acknowledged({ id = '', seq, kept = 'memory', duplicate }: ServerFrame): void {
    this.#refusals = 0
    this.#window = Math.min(this.#window + 1, MAX_WINDOW)
    this.#take(id)?.resolve({ id, kept, ...(seq !== undefined && { seq }), ...(duplicate && { duplicate }) })
    this.#pump()
  }

  refused(id: string, { data, duplicate }: ServerFrame): void {
    const { code, message, issues, details } = data as Problem['data']
    // A duplicate's answer is kept under its id, since a part of the message is kept: it would be the same again.
    if (RETRIED.includes(code) && !duplicate) this.#sendLater(id, message)
    else this.#take(id)?.reject(new CorridorError(code, message, issues, details))
    this.#pump()
  }

  /** True if the oldest message has waited too long for its answer. */
  isOverdue(now: number): boolean {
    const [oldest] = this.#messages.values()
    if (oldest?.sentAt === undefined || now - oldest.sentAt < ANSWER_TIMEOUT_MS) return false
    this.#window = 1 // the connection may be too slow for a full window
    return true
  }

  /** The server closed because a message was too large: rejects the largest one in flight. */
  rejectLargest(): void {
    const encoder = new TextEncoder()
    let largest = ''
    let most = 0
    for (const [id, { text, sentAt }] of this.#ids) {
      const bytes = sentAt === undefined ? 0 : encoder.encode(text).length
      if (bytes > most) [largest, most] = [id, bytes]
    }
    this.#take(largest)?.reject(new CorridorError('too_large', `${most} bytes are more than this room accepts`))
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

  /** Sends messages until the window is full. */
  #pump(): void {
    if (!this.#write || this.#retryTimer) return
    let inFlight = 0
    for (const message of this.#messages) {
      if (++inFlight > this.#window) return
      if (message.sentAt !== undefined) continue
      message.sentAt = Date.now()
      message.text ??= this.#textOf(message)
      this.#write(message.text)
    }
  }

  #textOf(message: QueuedMessage): string {
    const id = this.#newId()
    this.#ids.set(id, message)
    return `${message.body.slice(0, -1)},"id":"${id}"}`
  }

  /** Pauses all messages, then sends them one by one, which keeps their order and respects a rate limit. */
  #sendLater(id: string, why: string): void {
    const refused = this.#ids.get(id)
    if (!refused) return
    refused.sentAt = undefined
    this.#window = 1
    if (this.#retryTimer) return
    const { baseMs, capMs } = this.#retry
    const delayMs = Math.min(capMs, hintMs(why) ?? baseMs * 2 ** this.#refusals++)
    this.#retryTimer = setTimeout(
      () => {
        this.#retryTimer = undefined
        this.#pump()
      },
      delayMs * (1 + Math.random() / 2),
    )
  }

  #take(id: string): QueuedMessage | undefined {
    const message = this.#ids.get(id)
    if (!message) return undefined
    this.#ids.delete(id)
    this.#messages.delete(message)
    return message
  }
}
