/** The end of a room's log as its edge knows it: by what the owner has said and sent. `remote-home.ts` owns one. */
import type { Frame } from '../../delivery/frame.ts'
import { offset } from '../../log/log.ts'

export class LogEnd {
  #epoch = ''
  #seq = 0

  begin(epoch: string, seq: number): void {
    this.#epoch = epoch
    this.#seq = seq
  }

  /** The offset of a seq, by default of the newest event that is known. */
  offset(seq = this.#seq): string {
    return offset(this.#epoch, seq)
  }

  /** A frame has come. A welcome and a reset name the epoch. */
  see(frame: Frame): void {
    if (frame.seq > this.#seq) this.#seq = frame.seq
    if (frame.type !== 'reset' && frame.type !== 'welcome') return
    const { epoch, seq }: { epoch?: unknown; seq?: unknown } = JSON.parse(String(frame.data))
    if (typeof epoch === 'string') this.#epoch = epoch
    if (typeof seq === 'number' && seq > this.#seq) this.#seq = seq
  }
}
