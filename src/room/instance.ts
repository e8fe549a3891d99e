/** What `rooms.ts` knows of each of its rooms. */
import type { Mount } from '../config/mount.ts'
import type { HostedRoom } from './hosted-room.ts'

export interface HostedAt {
  readonly mount: Mount
  readonly room: HostedRoom
  /** ms since 1970 */
  readonly openedMs: number
}

/** A room that is open or opening. */
export interface Instance extends HostedAt {
  openedMs: number
  readonly opened: Promise<void>
  isOpen: boolean
  /** Peers that were admitted and have not joined yet. The room must not close before they do. */
  expected: number
  /** How often it is held open: for its alarms, or by nodes that bring peers. */
  held: number
  /** Called when it has closed, or lost its log. */
  readonly whenOver: Set<() => void>
  /** It counts among `instances`: somebody wanted in. */
  isCounted: boolean
  cancelIdle: (() => void) | undefined
}
