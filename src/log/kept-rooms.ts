/** What a log can say of rooms that need not be open. `log.ts` has the calls. */

/** The earliest alarm of a room; `at`: ms since 1970. */
export interface RoomAlarm {
  readonly path: string
  readonly at: number
}

/** How much is kept of a room. */
export interface KeptRoom {
  readonly path: string
  readonly seq: number
  /** Keys and values of its storage. */
  readonly storageBytes: number
  /** How many. */
  readonly alarms: number
}

/** What a room's storage and alarms are, without the values. */
export interface RoomContents {
  /** By key. */
  readonly storage: readonly { readonly key: string; readonly bytes: number }[]
  readonly alarms: readonly { readonly name: string; readonly at: number }[]
}

/** In the order of `Log.alarms`. */
export function byTime(a: RoomAlarm, b: RoomAlarm): number {
  return a.at - b.at || compareTexts(a.path, b.path)
}

/** In the order of `Log.rooms`: that of their UTF-8. */
export function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return compareTexts(a.path, b.path)
}

/** In the order of `RoomContents.storage`: that of their UTF-8. */
export function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return compareTexts(a.key, b.key)
}

function compareTexts(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
