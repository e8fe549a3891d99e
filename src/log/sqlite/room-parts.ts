/** What the rooms of the SQLite log share. `sqlite.ts` passes it to each of them. */
import type { Clock } from '../../clock.ts'
import type { RoomError } from '../../errors.ts'
import type { Lives } from '../epoch.ts'
import type { Append } from './commits.ts'
import type { SeenIds } from './seen-ids.ts'
import type { SqliteThread } from './thread.ts'

export interface SqliteRoomParts {
  readonly thread: SqliteThread
  readonly clock: Clock
  readonly seenIds: SeenIds
  /** Begins the epochs of this process. */
  readonly lives: Lives
  /** Returns an id for a room that is new on disk. */
  newId(): number
  /** How many bytes of events one room may hold in memory now. */
  recentBytes(): number
  /** Why an append cannot be accepted now; `undefined` if it can. */
  refusal(): RoomError | undefined
  enqueue(append: Append): void
  /** Call when something was erased: soon nothing of it is left in the files. */
  scrub(): void
  /** Call when the room at this path is on disk. */
  saved(path: string): void
}
