/**
 * Detects a dead connection. A browser shows its page neither pings nor a lost network, so after a silence the client
 * sends a probe. Started and stopped with each connection by `client.ts`.
 */

const CHECK_EVERY_MS = 5000
const DEFAULT_WELCOME_TIMEOUT_MS = 10_000
/** Longer than the server's own heartbeat (25 s and 10 s of patience). */
const SILENCE_MS = 45_000
const PROBE_TIMEOUT_MS = 2500
/**
 * The probe. Its type is reserved, so no room handles it: the answer is always `unknown_type`, and is ignored because no
 * message has this id.
 */
const PROBE = '{"type":"welcome","id":"alive"}'

interface Monitored {
  isOpen(): boolean
  isOverdue(now: number): boolean
  send(text: string): void
  /** `atOnce`: only this client lost its connection, so an immediate reconnect causes no rush. */
  dead(reason: string, atOnce: boolean): void
}

/** Uses the wall clock, because other clocks stop while the machine sleeps. */
export class Liveness {
  #connection: Monitored
  #timer: ReturnType<typeof setInterval> | undefined
  /** Ends an attempt without a welcome, or a connection that does not answer a probe. */
  #timeout: ReturnType<typeof setTimeout> | undefined
  #startedAt = 0
  #checkedAt = 0
  #receivedAt = 0
  #isProbed = false

  constructor(connection: Monitored) {
    this.#connection = connection
  }

  /** An attempt begins. */
  start(welcomeTimeoutMs = DEFAULT_WELCOME_TIMEOUT_MS): void {
    this.stop()
    this.#startedAt = this.#checkedAt = this.#receivedAt = Date.now()
    this.#timer = setInterval(() => this.#tick(), CHECK_EVERY_MS)
    this.#timeout = setTimeout(
      () => this.#connection.isOpen() || this.#connection.dead('no welcome', false),
      welcomeTimeoutMs,
    )
  }

  stop(): void {
    clearInterval(this.#timer)
    clearTimeout(this.#timeout)
    this.#isProbed = false
  }

  /** Time since the attempt began. */
  get ageMs(): number {
    return Date.now() - this.#startedAt
  }

  /** Something was received. */
  received(): void {
    this.#receivedAt = Date.now()
    if (!this.#isProbed) return
    this.#isProbed = false
    clearTimeout(this.#timeout)
  }

  /** Probes now instead of after a long silence; `isSure`: even if something was received a moment ago. */
  check(isSure = false): void {
    if (this.#isProbed || (!isSure && Date.now() - this.#receivedAt < CHECK_EVERY_MS)) return
    this.#isProbed = true
    clearTimeout(this.#timeout)
    this.#timeout = setTimeout(() => this.#connection.dead('no sign of life', true), PROBE_TIMEOUT_MS)
    this.#connection.send(PROBE)
  }

  #tick(): void {
    const now = Date.now()
    const sleptMs = now - this.#checkedAt
    this.#checkedAt = now
    if (!this.#connection.isOpen()) return
    if (this.#connection.isOverdue(now)) this.#connection.dead('no answer', false)
    // In a hidden tab timers run once a minute; that is no sleep.
    else if (sleptMs > SILENCE_MS && !isHidden()) this.#connection.dead('slept', true)
    else if (now - this.#receivedAt > SILENCE_MS) this.check()
  }
}

/**
 * Calls `fn` if the tab becomes visible and if the network comes or goes; returns a function that stops it. Nothing
 * happens in Node. A browser may wrongly report to be offline: a server on the same machine is still reachable.
 */
export function onWake(fn: (what: 'visible' | 'online' | 'offline') => void): () => void {
  const wake = ({ type }: Event) => {
    if (type === 'online' || type === 'offline') fn(type)
    else if (!isHidden()) fn('visible')
  }
  const types = ['online', 'offline', 'pageshow', 'focus', 'visibilitychange']
  for (const type of types) globalThis.addEventListener?.(type, wake)
  return () => {
    for (const type of types) globalThis.removeEventListener?.(type, wake)
  }
}

function isHidden(): boolean {
  return globalThis.document?.visibilityState === 'hidden'
}
