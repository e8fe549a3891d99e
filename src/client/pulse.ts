/**
 * Whether a connection still lives. A browser shows its page neither pings nor a network that went away, so after a
 * silence we ask for a sign of life. Started and stopped with each connection by `client.ts`.
 */

const LOOK_MS = 5000
const WELCOME_WITHIN_MS = 10_000
/** Longer than the server's own heartbeat (25 s and 10 s of patience). */
const SILENCE_MS = 45_000
const PROBE_WITHIN_MS = 4000
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
  #startedAt = 0
  #lookedAt = 0
  #heardAt = 0
  #probedAt: number | undefined

  constructor(patient: Patient) {
    this.#patient = patient
  }

  start(): void {
    this.stop()
    this.#startedAt = this.#lookedAt = this.#heardAt = Date.now()
    this.#timer = setInterval(() => this.#look(), LOOK_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#probedAt = undefined
  }

  /** How long this connection, or the attempt at it, is up (ms). */
  get age(): number {
    return Date.now() - this.#startedAt
  }

  heard(): void {
    this.#heardAt = Date.now()
    this.#probedAt = undefined
  }

  /** Asks now instead of after a long silence. */
  check(): void {
    if (this.#probedAt !== undefined || Date.now() - this.#heardAt < LOOK_MS) return
    this.#probedAt = Date.now()
    this.#patient.send(PROBE)
  }

  #look(): void {
    const now = Date.now()
    const sleptMs = now - this.#lookedAt
    this.#lookedAt = now
    if (!this.#patient.isOpen()) {
      if (now - this.#startedAt > WELCOME_WITHIN_MS) this.#patient.dead('no welcome', false)
    } else if (this.#patient.isOverdue(now)) this.#patient.dead('no answer', false)
    // In a hidden tab timers come once a minute, which is no sleep.
    else if (sleptMs > SILENCE_MS && !isHidden()) this.#patient.dead('slept', true)
    else if (this.#probedAt !== undefined && now - this.#probedAt > PROBE_WITHIN_MS) {
      this.#patient.dead('no sign of life', true)
    } else if (now - this.#heardAt > SILENCE_MS) this.check()
  }
}

/** Calls `fn` when the tab is seen again or the network is back; returns how to stop it. In Node it never is. */
export function onWake(fn: () => void): () => void {
  const wake = () => isHidden() || fn()
  const types = ['online', 'pageshow', 'focus', 'visibilitychange']
  for (const type of types) globalThis.addEventListener?.(type, wake)
  return () => {
    for (const type of types) globalThis.removeEventListener?.(type, wake)
  }
}

function isHidden(): boolean {
  return globalThis.document?.visibilityState === 'hidden'
}
