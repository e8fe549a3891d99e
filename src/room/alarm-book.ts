/**
 * What the rooms of a server share about alarms beside the log: which of them failed and when each is tried again, also
 * while its room is closed. `alarms.ts` runs the alarms of an open room; `alarm-openings.ts` opens the closed ones.
 */

import type { Clock } from '../clock.ts'

/** An alarm whose handler failed. */
export interface AlarmFailure {
  /** How often, since it was set. */
  readonly failures: number
  readonly lastError: string
  /** Before this time it is not tried again, by the clock's `monotonic()`. */
  readonly notBefore: number
}

/** When an alarm is to run. */
export interface AlarmDue {
  /** Ms since 1970. */
  readonly at: number
  /** Not before this time by the clock's `monotonic()`, since it has failed. */
  readonly notBefore: number
}

/** The first retry comes after this long, each further one after twice as long, up to the longest. */
const RETRY_MS = { first: 1000, longest: 300_000 }

/** How long until it runs. */
export function waitMs({ at, notBefore }: AlarmDue, clock: Clock): number {
  return Math.max(0, at - clock.now(), notBefore - clock.monotonic())
}

/** How long to wait after so many failures. */
export function retryMs(failures: number): number {
  return Math.min(RETRY_MS.longest, RETRY_MS.first * 2 ** Math.min(failures - 1, 30))
}

export interface AlarmBookSettings {
  /** How often a room looks at the time of day, which may jump while timers run. Infinite: it never jumps. */
  readonly recheckMs?: number
  /** An alarm is tried for the first time, so long after its time. */
  readonly late?: (ms: number) => void
}

export class AlarmBook {
  readonly recheckMs: number
  readonly late: (ms: number) => void
  /** Called when a room has closed. `next`: when its next alarm is to run; `undefined`: it has none that could. */
  onClosed: (path: string, next: AlarmDue | undefined) => void = () => {}
  /** Called when a room has closed that lost its log: alarms that were over may be there again, of other rooms too. */
  onLost: () => void = () => {}
  readonly #failures = new Map<string, Map<string, AlarmFailure>>()

  constructor({ recheckMs = 10_000, late = () => {} }: AlarmBookSettings = {}) {
    this.recheckMs = recheckMs
    this.late = late
  }

  failure(path: string, name: string): AlarmFailure | undefined {
    return this.#failures.get(path)?.get(name)
  }

  /** `undefined` forgets it. */
  setFailure(path: string, name: string, failure: AlarmFailure | undefined): void {
    const ofRoom = this.#failures.get(path) ?? new Map<string, AlarmFailure>()
    if (failure) ofRoom.set(name, failure)
    else ofRoom.delete(name)
    if (ofRoom.size > 0) this.#failures.set(path, ofRoom)
    else this.#failures.delete(path)
  }
}
