/** A wire made by hand: it notes what a room does with it, and breaks where it is used after its end. */

import type { Bytes, Encoding, Frame } from '../../src/delivery/frame.ts'
import type { Wire } from '../../src/delivery/wire.ts'
import type { CloseReason } from '../../src/errors.ts'

const encoding: Encoding = {
  name: 'noting',
  encode: ({ data }) => Buffer.from(data),
  join: () => Buffer.from('joined'),
}

export class NotingWire implements Wire {
  readonly encoding = encoding
  /** What the room says waits, as long as the peer takes nothing. */
  waiting = 0
  takesNothing = false
  /** `said <data>`, `close <code>`, `rest`, in their order. */
  readonly notes: string[] = []
  /** What must not be: it was written to after its end. */
  readonly mistakes: string[] = []
  isClosed = false

  send(bytes: Bytes, frames: readonly Frame[]): void {
    if (this.isClosed) this.mistakes.push('written to after its close')
    if (this.takesNothing) this.waiting += bytes.length
    for (const { type, data } of frames) {
      // Of an event room's own words, errors alone are of interest here.
      if (type === undefined || type === 'said') this.notes.push(`said ${String(data).replaceAll('"', '')}`)
      else if (type === 'error') this.notes.push(`error ${JSON.parse(String(data)).code}`)
    }
  }

  drained(): undefined {
    return undefined
  }

  rest(ms: number): void {
    if (!(ms > 0)) this.mistakes.push(`asked to rest for ${ms} ms`)
    if (this.isClosed) this.mistakes.push('asked to rest after its close')
    this.notes.push('rest')
  }

  close({ code }: CloseReason): void {
    if (!this.isClosed) this.notes.push(`close ${code}`)
    this.isClosed = true
  }

  drop(): void {
    this.close({ code: 1006, reason: '' })
  }
}
