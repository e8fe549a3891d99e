/**
 * Whether a connection still lives. A browser shows its page neither pings nor a network that went away, so after a
 * silence we ask for a sign of life. Started and stopped with each connection by `client.ts`.
 */

const LOOK_MS = 5000
const WELCOME_WITHIN_MS = 10_000
/** Longer than the server's own heartbeat (25 s and 10 s of patience). */
const SILENCE_MS = 45_000
const PROBE_WITHIN_MS = 2500
/**
 * Asks for a sign of life. The type is reserved, so no room can take it for a message: the answer is always
 * `unknown_type`, and as its id is none of ours it goes no further.
 */
const PROBE = '{"type":"welcome","id":"alive"}'

interface Patient {
  isOpen(): boolean
  isOverdue(now: number): boolean
  send(text: string): void
  /** `atOnce`: we alone are to blame, so there is no crowd to wait for. */
  dead(reason: string, atOnce: boolean): void
}

/** Times are wall clock: others stand still while a machine sleeps. */
export class Pulse {
  #patient: Patient
  #timer: ReturnType<typeof setInterval> | undefined
  /** Ends an attempt that gets no welcome, or a connection that answers no probe. */
  #patience: ReturnType<typeof setTimeout> | undefined
  #startedAt = 0
  #lookedAt = 0
  #heardAt = 0
  #isProbed = false

  constructor(patient: Patient) {
    this.#patient = patient
  }

  /** An attempt begins, which may take so long until its welcome. */
  start(welcomeWithinMs = WELCOME_WITHIN_MS): void {
    this.stop()
    this.#startedAt = this.#lookedAt = this.#heardAt = Date.now()
    this.#timer = setInterval(() => this.#look(), LOOK_MS)
    this.#patience = setTimeout(
      () => this.#patient.isOpen() || this.#patient.dead('no welcome', false),
      welcomeWithinMs,
    )
  }

  stop(): void {
    clearInterval(this.#timer)
    clearTimeout(this.#patience)
    this.#isProbed = false
  }

  /** How long this connection, or the attempt at it, is up (ms). */
  get age(): number {
    return Date.now() - this.#startedAt
  }

  heard(): void {
    this.#heardAt = Date.now()
    if (!this.#isProbed) return
    this.#isProbed = false
    clearTimeout(this.#patience)
  }

  /** Asks now instead of after a long silence; `isSure`: also where something came a moment ago. */
  check(isSure = false): void {
    if (this.#isProbed || (!isSure && Date.now() - this.#heardAt < LOOK_MS)) return
    this.#isProbed = true
    clearTimeout(this.#patience)
    this.#patience = setTimeout(() => this.#patient.dead('no sign of life', true), PROBE_WITHIN_MS)
    this.#patient.send(PROBE)
  }

  #look(): void {
    const now = Date.now()
    const sleptMs = now - this.#lookedAt
    this.#lookedAt = now
    if (!this.#patient.isOpen()) return
    if (this.#patient.isOverdue(now)) this.#patient.dead('no answer', false)
    // In a hidden tab timers come once a minute, which is no sleep.
    else if (sleptMs > SILENCE_MS && !isHidden()) this.#patient.dead('slept', true)
    else if (now - this.#heardAt > SILENCE_MS) this.check()
  }
}

/**
 * Calls `fn` when the tab is seen again and when the network comes or goes; returns how to stop it. In Node none of it
 * happens. A browser that says it is offline may be wrong: a server on the same machine is still there.
 */
export function onWake(fn: (what: 'seen' | 'online' | 'offline') => void): () => void {
  const wake = ({ type }: Event) => {
    if (type === 'online' || type === 'offline') fn(type)
    else if (!isHidden()) fn('seen')
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
