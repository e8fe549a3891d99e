/**
 * The log of a room that this node owns: the log that it wraps, as long as the node has the room. When it has closed, the room
 * is given up. `owned-log.ts` opens it.
 */
import type { Frame } from '../delivery/frame.ts'
import { RoomError } from '../errors.ts'
import {
  type Entry,
  isEmpty,
  type Kept,
  type ProducerState,
  type Recalled,
  type Resume,
  type RoomLog,
  type RoomState,
} from '../log/log.ts'

export interface Owned {
  /** Another node has the room, or nobody knows: nothing is kept any more. */
  readonly isLost: boolean
  /** Resolves when it was given up, or it has to be waited for too long. */
  closed(): Promise<void>
}

export class OwnedRoomLog implements RoomLog {
  readonly #log: RoomLog
  readonly #owned: Owned

  constructor(log: RoomLog, owned: Owned) {
    this.#log = log
    this.#owned = owned
  }

  get epoch(): string {
    return this.#log.epoch
  }

  get first(): number {
    return this.#log.first
  }

  get seq(): number {
    return this.#log.seq
  }

  get kept(): Kept {
    return this.#log.kept
  }

  get isBehind(): boolean {
    return this.#log.isBehind
  }

  takeState(): RoomState {
    return this.#log.takeState()
  }

  append(entry: Entry): void {
    if (!this.#owned.isLost || isEmpty(entry)) this.#log.append(entry)
    else entry.failed(new RoomError('unavailable', 'this room lives elsewhere now, send it again'))
  }

  read(after: number, limit: number, bytes?: number): readonly Frame[] | Promise<readonly Frame[]> {
    return this.#log.read(after, limit, bytes)
  }

  locate(epoch: string, seq: number): Resume {
    return this.#log.locate(epoch, seq)
  }

  recall(client: string, id: string): Recalled | Promise<Recalled> {
    return this.#log.recall(client, id)
  }

  producer(id: string): ProducerState | undefined | Promise<ProducerState | undefined> {
    return this.#log.producer(id)
  }

  async close(): Promise<void> {
    try {
      await this.#log.close()
    } finally {
      await this.#owned.closed()
    }
  }
}
