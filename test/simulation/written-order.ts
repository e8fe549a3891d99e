/**
 * What a room writes on one connection of a client, in its order: no hole, nothing twice, each welcome and reset true. Frames
 * are judged when they are written, whatever becomes of them on their way.
 */
import type { Frame } from '../../src/delivery/frame.ts'
import type { Promises } from './promises.ts'
import type { Broken, RoomLedger } from './room-ledger.ts'

export interface WrittenParts {
  readonly name: string
  readonly ledger: RoomLedger
  readonly promises: Promises
  readonly broken: Broken
  /** The newest event that the client had when it connected. */
  readonly seq: number
}

export class WrittenOrder {
  readonly #parts: WrittenParts
  #epoch = ''
  /** The next event, if it is known. */
  #next: number | undefined
  /** The newest event when it was welcomed. */
  #newest = 0
  /** The newest event that was written, or after which something was; `undefined`: no welcome was. */
  #position: number | undefined

  constructor(parts: WrittenParts) {
    this.#parts = parts
  }

  written(frame: Frame): void {
    const { ledger, promises, broken, name } = this.#parts
    const { type = '', data, seq, answer } = frame
    if (type === 'welcome' || type === 'reset') {
      this.#told(type, JSON.parse(String(data)), frame.after)
      return
    }
    if (this.#next !== undefined && seq === 0 && frame.after >= this.#next)
      broken(`${name}: hears ${type}, which comes after ${frame.after}, before event ${this.#next}`)
    // While it catches up it may hear of what is to come.
    const hasCaughtUp = this.#next !== undefined && this.#next > this.#newest
    if (type === 'ack' && !answer?.duplicate && hasCaughtUp && (answer?.seq ?? 0) >= (this.#next ?? 0))
      broken(`${name}: hears that ${answer?.seq} is kept before event ${this.#next}`)
    if (answer) return
    this.#position = Math.max(this.#position ?? 0, seq || frame.after)
    if (seq === 0) return
    if (this.#next !== undefined && seq !== this.#next) broken(`${name}: got event ${seq}, expected ${this.#next}`)
    this.#next = seq + 1
    promises.handed(ledger, this.#epoch, seq, `${type} ${data}`)
  }

  #told(type: 'welcome' | 'reset', told: Told, frameAfter: number): void {
    const { ledger, promises, broken, name, seq } = this.#parts
    this.#epoch = told.epoch
    this.#newest = told.seq
    // On the same connection it means what it means at a reconnect: it goes on after what was written.
    const after = this.#position ?? seq
    const isResumed = told.resumed === true
    if (isResumed && told.seq < after) broken(`${name}: resumed at ${after}, newest is ${told.seq}`)
    if (told.resumed === false) promises.wasTold(ledger, told.reason)
    // A replay goes on with the first that is left. After any other reset the room goes on with the seq that comes next.
    if (type === 'reset' && told.reason === 'trimmed') {
      this.#next = told.first
      this.#position = told.first - 1
    } else if (type === 'reset') this.#position = Math.max(after, told.seq)
    else {
      this.#next = isResumed ? after + 1 : undefined
      this.#position = isResumed ? after : frameAfter
    }
  }
}

interface Told {
  readonly epoch: string
  readonly first: number
  readonly seq: number
  readonly resumed?: boolean
  readonly reason: string
}
