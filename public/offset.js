/**
 * The position of the last event the console saw, read from the frames of an event room. A new connection resumes there,
 * so that no event is missed or shown twice.
 */

export class Offset {
  /** @type {{ epoch: string, seq: number } | undefined} */
  #at

  /** `<epoch>_<seq, 16 digits>`; undefined before the first welcome. */
  get offset() {
    return this.#at && `${this.#at.epoch}_${String(this.#at.seq).padStart(16, '0')}`
  }

  /** @param {string} text a frame from the room */
  read(text) {
    const { type, seq, data } = parse(text)
    const isSet = typeof data?.epoch === 'string' && typeof data.seq === 'number'
    // A welcome that resumed leaves the position, now in the epoch of the welcome: the events after it follow.
    if (type === 'welcome' && isSet)
      this.#at = { epoch: data.epoch, seq: data.resumed && this.#at ? this.#at.seq : data.seq }
    // The log lost events. Not all of those it still has may have come, so the position only moves backwards.
    else if (type === 'reset' && isSet) {
      this.#at = { epoch: data.epoch, seq: Math.min(data.seq, this.#at?.seq ?? data.seq) }
    } else if (typeof seq === 'number' && type !== 'ack' && this.#at) this.#at = { epoch: this.#at.epoch, seq }
  }
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text) ?? {}
  } catch {
    return {}
  }
}
