/**
 * Whether a room of a simulation may be anything: one of its keys was lost, or it is being erased. `room-ledger.ts` does not
 * hold it to its rules meanwhile.
 */
export class Doubt {
  /** It lasts until the room begins another epoch than this. */
  #epoch: string | undefined
  /** The term when a key was lost: an epoch that begins in it, as when the history is cleared, mends nothing. */
  #term: number | undefined
  /** So many may make anything of the room now. */
  #holders = 0

  get isThere(): boolean {
    return this.#epoch !== undefined
  }

  begin(epoch: string, term: number): void {
    this.#epoch ??= epoch
    this.#term = term
  }

  /** Until what is returned is called with the room's epoch: all of the room is gone then. */
  hold(): (epoch: string) => void {
    this.#holders += 1
    return (epoch) => {
      this.#holders -= 1
      this.#epoch = epoch
      this.#term = undefined
    }
  }

  /** The room is in this epoch and term. Returns whether the doubt has just ended. */
  endsWith(epoch: string, term: number): boolean {
    if (this.#epoch === undefined) return false
    if (term === this.#term) this.#epoch = epoch
    if (this.#holders > 0 || epoch === '' || epoch === this.#epoch) return false
    this.#epoch = undefined
    return true
  }
}
