/** A room that is being copied into a database. `room-copy.ts` and `id-copy.ts` do it. */
import type { WrittenCopy } from '../sqlite/written-copy.ts'
import type { RedisCalls } from './redis-calls.ts'

export interface CopyingRoom {
  readonly calls: RedisCalls
  readonly copy: WrittenCopy
  /** The prefix of its bucket. */
  readonly key: string
  readonly path: string
  /** Its number in the copy. */
  readonly room: number
}
