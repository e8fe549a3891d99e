/**
 * How what a room has published is taken back: one event, or all of its history. Open rooms do it in a step
 * (`room.redact`, `room.clearHistory`); for a closed room the operator changes its log alone.
 */
import type { Position } from '../define.ts'
import type { Audience } from '../delivery/audience.ts'
import type { Frame } from '../delivery/frame.ts'
import { RoomError } from '../errors.ts'
import { type Changes, type Draft, type Log, offset, type Retention, type RoomLog } from '../log/log.ts'
import { REDACTED, redactedData } from '../log/redacted.ts'
import { reset } from './protocol.ts'
import type { Steps } from './steps.ts'

/** Erases an event, and publishes that it was, in the step of the code that runs now. */
export function redact(steps: Steps, roomLog: RoomLog, seq: number): Promise<Position> {
  try {
    const { current } = steps
    mustBeKept(roomLog, seq)
    const changes = current.change(() => {})
    changes.redacted ??= []
    changes.redacted.push(seq)
    return reported(current.publish({ type: REDACTED, data: redactedData(seq) }))
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Forgets all events of before, in the step of the code that runs now. Everyone hears a reset, in the new epoch. */
export function clearHistory(steps: Steps, roomLog: RoomLog, audience: Audience): Promise<Position> {
  const cleared = new Promise<Position>((resolve, reject) => {
    const { current } = steps
    current.change(() => {}).clearsHistory = true
    const send = () => {
      audience.deliver(clearedFrame(roomLog))
      resolve(endOf(roomLog))
    }
    current.say({ size: 0, isOfLog: true, send, cancelled: reject })
  })
  return reported(cleared)
}

/** If the module does not await it, a step that fails is still reported, in the answer to the message. */
function reported(position: Promise<Position>): Promise<Position> {
  position.catch(() => {})
  return position
}

/** Does the same to the log of a room that is not open. `seq`: of one event; `undefined`: of all. */
export async function forgetClosed(log: Log, path: string, retention: Retention, seq?: number): Promise<Position> {
  const roomLog = await log.open(path, retention)
  try {
    if (seq === undefined) await append(roomLog, [], { clearsHistory: true })
    else {
      mustBeKept(roomLog, seq)
      await append(roomLog, [{ type: REDACTED, data: redactedData(seq) }], { redacted: [seq] })
    }
    return endOf(roomLog)
  } finally {
    await roomLog.close()
  }
}

function append(roomLog: RoomLog, drafts: readonly Draft[], changes: Changes): Promise<readonly Frame[]> {
  return new Promise((resolve, reject) => {
    roomLog.append({ drafts, keys: [], changes, size: 0, kept: resolve, failed: reject })
  })
}

function mustBeKept({ first, seq: last }: RoomLog, seq: number): void {
  if (Number.isInteger(seq) && seq >= first && seq <= last) return
  throw new RoomError('gone', `expected the seq of an event that is kept (${first} to ${last}), got ${seq}`)
}

function endOf({ epoch, seq }: RoomLog): Position {
  return { seq, offset: offset(epoch, seq) }
}

function clearedFrame({ epoch, first, seq }: RoomLog): Frame {
  return reset({ epoch, first, seq, reason: 'cleared' })
}
