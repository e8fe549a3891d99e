/**
 * Renews a token before it ends: asks the application for a new one, opens a second connection with it, and hands over when
 * that one has its welcome. The room keeps our membership (same client id), so nobody sees a leave. If it fails, the old
 * connection stays, and it is tried again until the token ends. Used by `client.ts`.
 */
import type { WelcomeData } from './cursor.ts'
import { parseFrame } from './frame.ts'
import type { Transport, TransportEvents } from './types.ts'

/** How long before its end a token is renewed: this share of its time, and at most so long. */
const SHARE = 0.25
const MAX_LEAD_MS = 60_000
/** Attempts before the end. */
const ATTEMPTS = 4
const MIN_RETRY_MS = 250
const TAKE_OVER_MS = 10_000
/** No timer can be longer. */
const MAX_TIMER_MS = 2 ** 31 - 1
/** The server's reason when the same client has joined on another connection. */
const REPLACED = 'the same client connected again'

interface Renewed {
  /** Asks the application. */
  newToken(): Promise<string | undefined>
  /** Opens a connection with a new token. */
  open(token: string, events: TransportEvents): Transport
  /** It has its welcome: it is the connection from now on. Returns what takes its events. */
  handOver(transport: Transport, token: string): TransportEvents
  /** It failed after the server had ended the old connection for it. */
  lost(reason: string): void
}

export class Renewal {
  #client: Renewed
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Ends what an earlier attempt still waits for. */
  #attempt = 0
  #successor: Transport | undefined
  /** The old connection was ended by the server, because the successor has joined. */
  #isReplaced = false
  #token: string | undefined
  /** When the token ends, by our clock. */
  #endsAt = 0
  #leadMs = 0

  constructor(client: Renewed) {
    this.#client = client
  }

  /** A welcome came. `token`: the one of its connection, if the application can give another. */
  plan({ until, time }: WelcomeData, token: string | undefined): void {
    this.stop()
    this.#token = token
    if (token === undefined || until === undefined || time === undefined) return
    const leftMs = until - time
    this.#endsAt = Date.now() + leftMs
    this.#leadMs = Math.min(MAX_LEAD_MS, leftMs * SHARE)
    // Jitter, since the tokens of many clients may end at one time.
    this.#wait(leftMs - this.#leadMs * (1 - Math.random() / ATTEMPTS))
  }

  /** The connection ends. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#attempt++
    this.#isReplaced = false
    this.#successor?.close(4000, '')
    this.#successor = undefined
  }

  /** Whether the loss of the old connection only means that its successor has joined. */
  replaces(reason: string): boolean {
    this.#isReplaced = this.#successor !== undefined && reason === REPLACED
    return this.#isReplaced
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer)
    const isLong = ms > MAX_TIMER_MS
    this.#timer = setTimeout(
      () => (isLong ? this.#wait(ms - MAX_TIMER_MS) : void this.#renew()),
      isLong ? MAX_TIMER_MS : Math.max(0, ms),
    )
  }

  async #renew(): Promise<void> {
    const attempt = ++this.#attempt
    const isCurrent = () => attempt === this.#attempt
    const fail = (reason: string) => {
      if (isCurrent()) this.#failed(reason)
    }
    // Also if the application never answers, or nothing comes over the new connection.
    this.#timer = setTimeout(() => fail('no welcome'), TAKE_OVER_MS)
    const token = await this.#client.newToken().catch(() => undefined)
    if (!isCurrent()) return
    if (token === undefined || token === this.#token) fail('no new token')
    else this.#open(token, isCurrent, fail)
  }

  #open(token: string, isCurrent: () => boolean, fail: (reason: string) => void): void {
    let taken: TransportEvents | undefined
    const events: TransportEvents = {
      activity: () => taken?.activity(),
      lost: (code, reason, refusal) => (taken ? taken.lost(code, reason, refusal) : fail(reason)),
      message: (text) => {
        const transport = this.#successor
        if (!taken && transport && isCurrent() && parseFrame(text)?.type === 'welcome') {
          this.#successor = undefined
          taken = this.#client.handOver(transport, token)
        }
        taken?.message(text)
      },
    }
    try {
      this.#successor = this.#client.open(token, events)
    } catch (error) {
      // A browser refuses a token that is none.
      fail(String(error))
    }
  }

  #failed(reason: string): void {
    const isReplaced = this.#isReplaced
    this.stop()
    if (isReplaced) {
      this.#client.lost(reason)
      return
    }
    const retryMs = Math.max(MIN_RETRY_MS, this.#leadMs / ATTEMPTS)
    if (Date.now() + retryMs < this.#endsAt) this.#wait(retryMs)
  }
}
