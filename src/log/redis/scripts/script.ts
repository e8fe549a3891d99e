/** A script that Redis runs: whole, and nothing else meanwhile. `room-keys.ts` has what they share. */
export interface Script {
  readonly name: string
  /** Lua, with the line `#!lua` at the beginning, so that Redis checks its memory before the script writes. */
  readonly text: string
}
