/** Erases a room that is not open. `redis.ts` calls it. */
import type { EpochMaker } from '../epoch.ts'
import { bucketOf } from './keys.ts'
import type { Position } from './position.ts'
import type { RedisCalls } from './redis-calls.ts'
import { list, text } from './reply.ts'
import { erase as eraseScript } from './scripts/erase.ts'
import { open as openScript } from './scripts/open.ts'
import { storedRoom } from './stored-room.ts'

export interface ErasedRoom {
  readonly path: string
  readonly calls: RedisCalls
  readonly epochs: EpochMaker
  /** Only if its last commit is this one. */
  readonly ifAt?: Position
}

/** Returns whether there was something, and it is erased. */
export async function eraseRoom({ path, calls, epochs, ifAt }: ErasedRoom): Promise<boolean> {
  const key = bucketOf(path)
  for (;;) {
    const { at, seq, epochs: saved } = storedRoom(await calls.run(openScript, key, [path, 0, 0]))
    if (at.epoch === '' || (ifAt && !isSame(at, ifAt))) return false
    const begun = epochs.begin(path, saved.at(-1)?.epoch, seq + 1)
    const [kind] = list(await calls.run(eraseScript, key, [path, at.epoch, at.number, begun, seq + 1, 1]))
    // Another server has written to it meanwhile.
    if (text(kind) !== 'at') return true
  }
}

function isSame(one: Position, other: Position): boolean {
  return one.epoch === other.epoch && one.number === other.number
}
