/** The log of a room with promises: what was appended is kept, and what was delivered in order. */
import type { Frame } from '../../src/delivery/frame.ts'
import { RoomError } from '../../src/errors.ts'
import type { Changes, Draft, IdempotencyKey, Log, Retention, RoomLog } from '../../src/log/log.ts'

export interface KeptLog extends Omit<RoomLog, 'append'> {
  /** Resolves with the seq of the first event, or of the newest in the log; rejects with a `RoomError`. */
  append(drafts: readonly Draft[], keys?: readonly IdempotencyKey[], changes?: Changes): Promise<number>
  /** Delivers a frame that is not kept, in order. */
  carry(frame: Frame, except?: object): void
}

type Deliver = (frame: Frame, except?: object) => void

/** Opens the log of a room. `deliver` gets the frames in order. */
export async function openKept(
  log: Log,
  path: string,
  retention: Retention,
  deliver: Deliver = () => {},
): Promise<KeptLog> {
  return keptLog(await log.open(path, retention), deliver)
}

export function keptLog(room: RoomLog, deliver: Deliver = () => {}): KeptLog {
  return {
    get epoch() {
      return room.epoch
    },
    get first() {
      return room.first
    },
    get seq() {
      return room.seq
    },
    get isBehind() {
      return room.isBehind
    },
    kept: room.kept,
    takeState: () => room.takeState(),
    read: (...range) => room.read(...range),
    locate: (...position) => room.locate(...position),
    recall: (...key) => room.recall(...key),
    producer: (id) => room.producer(id),
    close: () => room.close(),
    append: (drafts, keys = [], changes = undefined) =>
      new Promise((resolve, reject) => {
        const kept = (frames: readonly Frame[]) => {
          for (const frame of frames) deliver(frame)
          resolve(frames[0]?.seq ?? room.seq)
        }
        room.append({ drafts, keys, changes, size: 0, kept, failed: reject })
      }),
    carry: (frame, except) => {
      if (room.isBehind) throw new RoomError('unavailable', 'the log is behind')
      const kept = () => deliver(frame, except)
      room.append({ drafts: [], keys: [], changes: undefined, size: frame.size, kept, failed() {} })
    },
  }
}
