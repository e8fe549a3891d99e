/** Where several servers have the same log: which of them opens a closed room for its alarm. `alarm-openings.ts` asks. */
import type { RoomAlarm } from '../log/kept-rooms.ts'

export interface AlarmTurns {
  /**
   * Whether this one does now; `elsewhere`: another does, it is looked at again later. `looks`: how often this was asked
   * since it is due.
   */
  turnOf(path: string, looks: number): Promise<'open' | 'elsewhere' | 'none' | RoomAlarm>
  /** Called when a server is gone: some of its alarms may be due. */
  onGone: () => void
  /** How often to look for what others have set. */
  readonly readMs: number
}
