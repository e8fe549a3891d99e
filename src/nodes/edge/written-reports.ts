/**
 * Reports to the owner of a room how much of what it sent to one peer alone its connection has taken: in large pieces, or
 * after a moment. By that the owner knows what waits for the peer. `remote-home.ts` owns one.
 */
import type { Clock } from '../../clock.ts'
import type { RemoteSession } from './remote-session.ts'

const PIECE_LENGTH = 64 * 1024
const MOMENT_MS = 50
/** As for a peer of a room here that catches up (`catch-up.ts`). */
const SHARE = 0.25

export class WrittenReports {
  readonly #clock: Clock
  readonly #lowBytes: number
  readonly #report: (session: number, length: number) => void
  readonly #owing = new Set<RemoteSession>()
  #cancel: (() => void) | undefined

  constructor(clock: Clock, limitBytes: number, report: (session: number, length: number) => void) {
    this.#clock = clock
    this.#lowBytes = Math.min(PIECE_LENGTH, limitBytes * SHARE)
    this.#report = report
  }

  /** Frames of this length were given to the connection of a peer. */
  add(session: RemoteSession, length: number): void {
    session.owedLength += length
    this.#owing.add(session)
    if (session.owedLength >= PIECE_LENGTH) this.#say(session)
    else this.#cancel ??= this.#clock.after(MOMENT_MS, this.#sayAll)
  }

  remove(session: RemoteSession): void {
    this.#owing.delete(session)
  }

  end(): void {
    this.#cancel?.()
    this.#owing.clear()
  }

  #sayAll = (): void => {
    this.#cancel = undefined
    for (const session of this.#owing) this.#say(session)
  }

  #say(session: RemoteSession): void {
    if (session.isDraining || !this.#owing.has(session)) return
    const drained = session.peer.wire.drained(this.#lowBytes)
    if (drained) {
      session.isDraining = true
      void drained.then(() => {
        session.isDraining = false
        this.#say(session)
      })
      return
    }
    this.#owing.delete(session)
    this.#report(session.number, session.owedLength)
    session.owedLength = 0
  }
}
