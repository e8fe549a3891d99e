/** What stands in the place of an event that was redacted, in memory and on disk. */
import { Frame } from '../delivery/frame.ts'

/** The type of the event in its place, and of the one that reports it at the end of the log. */
export const REDACTED = 'redacted'

/** JSON text. */
export function redactedData(seq: number): string {
  return `{"seq":${seq}}`
}

export function redactedFrame(seq: number, time: number): Frame {
  return new Frame(REDACTED, redactedData(seq), seq, time)
}
