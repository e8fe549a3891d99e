/**
 * Whether a room of a simulation may be anything: one of its keys was lost, or it is being erased. `room-ledger.ts` does not
 * hold it to its rules meanwhile.
 */
/** The term of no room. */
const NONE = -1

export class Doubt {
  /** It lasts until the room begins another epoch than this. */
  #epoch: string | undefined
  /** The first term since: an epoch that begins in it, as when the history is cleared, mends nothing. */
  #term: number | undefined
  #hasLostKeys = false
  /** So many may make anything of the room now. */
  #holders = 0

  get isThere(): boolean {
    return this.#epoch !== undefined
  }

  /** One of its keys is about to be lost. */
  begin(epoch: string): void {
    this.#hasLostKeys = true
    this.#epoch ??= epoch
    this.#term = undefined
  }

  /** It is about to go back to an earlier state: one in which keys had been lost, perhaps. */
  beginAgain(epoch: string): void {
    if (this.#hasLostKeys) this.begin(epoch)
  }

  /** Until what is returned is called with the room's epoch: all of the room is gone then. */
  hold(): (epoch: string) => void {
    this.#holders += 1
    return (epoch) => {
      this.#holders -= 1
      this.#epoch = epoch
      this.#term = NONE
    }
  }

  /** The room is in this epoch and term. Returns whether the doubt has just ended. */
  endsWith(epoch: string, term: number): boolean {
    if (this.#epoch === undefined) return false
    this.#term ??= term
    if (term === this.#term) this.#epoch = epoch
    if (this.#holders > 0 || epoch === '' || epoch === this.#epoch) return false
    this.#epoch = undefined
    return true
  }
}
