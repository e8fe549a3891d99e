/**
 * How a Redis loses what it has acknowledged. As long as the server still has all calls since then it makes them again, and
 * nobody notices; else the room begins anew from what is left. `losses.test.ts` runs them.
 */
import { bucketOf } from '../../../src/log/redis/keys.ts'
import { pause } from './faults.ts'
import type { FaultStage } from './stage.ts'

export interface Loss {
  /** What is to be remembered for it before more is said. */
  prepare?(stage: FaultStage): void
  provoke(stage: FaultStage): Promise<void>
}

export const LOSSES: Readonly<Record<string, Loss>> = {
  'started on its files of before': {
    prepare: ({ redis }) => redis.saveFiles(),
    async provoke({ redis }) {
      await redis.kill()
      redis.putFilesBack()
      await redis.restart()
    },
  },
  emptied: {
    provoke: ({ redis }) => redis.empty(),
  },
  'started without its files': {
    async provoke({ redis }) {
      await redis.kill()
      redis.dropFiles()
      await pause(100)
      await redis.restart()
    },
  },
}

/** A key of a room or of its bucket, and what cannot agree any more when it is lost. */
export interface LostKey {
  readonly key: string
  readonly allowed?: RegExp
  /** Nobody can tell, unless a message is said again; or the claim of the room's next opening puts it back. */
  readonly isUnseen?: true
}

export const KEYS: Readonly<Record<string, LostKey>> = {
  'what is known of it': { key: 'm/room' },
  'its events': { key: 'e/room' },
  'its storage': { key: 's/room', allowed: /^fold: / },
  'its epochs': { key: 'l/room' },
  'the parts of its ids': { key: 'q/room', allowed: /^the number of ids: / },
  'its ids': { key: 'i1.0/room', allowed: /^the number of ids: /, isUnseen: true },
  'its clients': { key: 'c1.0/room', isUnseen: true },
  'the index of rooms': { key: 'rooms', isUnseen: true },
}

export async function removeKey({ redis }: FaultStage, key: string): Promise<void> {
  const removed = await redis.say('DEL', `${bucketOf('/room')}${key}`)
  if (removed !== 1) throw new Error(`expected a key ${key} to remove`)
}
