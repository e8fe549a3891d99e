/**
 * A peer: one connection in a room, as the room and its author see it, or the member who lost one and came back with the
 * next. It joins in `room.ts`, speaks through its seat (`seat.ts`), and closes once.
 */
import { type Frame, json, passing } from './frame.ts'
import { Bucket, type Rate } from './guards/bucket.ts'
import { Seat } from './seat.ts'
import { Sequence } from './sequence.ts'
import type { Wire } from './wire.ts'

/** Who comes in, as the gate admitted it. */
export interface Visitor {
  readonly id: string
  readonly name: string
  /** The stable id the client chose, for resume and safe retries; never told to others. */
  readonly client?: string | undefined
  readonly claims?: Readonly<Record<string, unknown>> | undefined
  /** When its token ends, ms since 1970. */
  readonly untilMs?: number | undefined
}

export abstract class Connection {
  readonly id: string
  name: string
  /** The stable id the client chose, which scopes the ids of its messages. */
  readonly client: string | undefined
  /** Of its latest token. */
  claims: Readonly<Record<string, unknown>> | undefined
  /** When its latest token ends, ms since 1970. */
  untilMs: number | undefined
  /** Its place in the audience; another one after it came back. */
  seat: Seat<Connection>
  readonly sequence = new Sequence()
  readonly bucket: Bucket
  /** Messages refused for their rate, less those taken since. */
  refused = 0
  /** The author was told of it. */
  hasJoined = false
  hasLeft = false
  /** It goes when what it said is answered; what it says now is refused. */
  isLeaving = false
  /** Messages of its that are not answered yet. */
  #open = 0
  #settled: (() => void) | undefined
  #data: Record<string, unknown> | undefined

  constructor(visitor: Visitor, wire: Wire, rate: Rate, nowMs: number) {
    this.id = visitor.id
    this.name = visitor.name
    this.client = visitor.client
    this.claims = visitor.claims
    this.untilMs = visitor.untilMs
    this.seat = new Seat(this, wire)
    this.bucket = new Bucket(rate, nowMs)
  }

  get data(): Record<string, unknown> {
    this.#data ??= {}
    return this.#data
  }

  close(code = 1000, reason = ''): void {
    if (code !== 1000 && !(code >= 3000 && code <= 4999)) {
      throw new RangeError(`peer.close: expected the code 1000 or one from 3000 to 4999 (RFC 6455, 7.4), got ${code}`)
    }
    this.end({ code, reason })
  }

  /** Ends the connection after what was said to it. The wire tells the room when it is gone. */
  end({ code, reason }: { code: number; reason: string }): void {
    this.seat.flush()
    this.seat.wire.close(code, reason)
  }

  /** A message of its is being handled; `answered` follows. */
  asked(): void {
    this.#open += 1
  }

  answered(): void {
    this.#open -= 1
    if (this.#open > 0) return
    this.#settled?.()
    this.#settled = undefined
  }

  /** Resolves when its handlers have ended and what it said is answered. `undefined`: nothing is open. */
  settled(): undefined | Promise<void> {
    const idle = this.sequence.idle()
    return idle || this.#open > 0 ? this.#settle(idle) : undefined
  }

  async #settle(idle: undefined | Promise<void>): Promise<void> {
    await idle
    if (this.#open === 0) return
    // A reload and a drain may both wait.
    const before = this.#settled
    await new Promise<void>((resolve) => {
      this.#settled = () => {
        before?.()
        resolve()
      }
    })
  }

  say(frame: Frame): void {
    this.seat.send(frame)
  }
}

/** A peer of an event room. */
export class EventPeer extends Connection {
  send(type: string, data: unknown): void {
    this.say(passing(type, json(data)))
  }
}
