/**
 * Parses a received frame: JSON with a `type`, or `undefined` for anything an event room does not send. Used by `client.ts`.
 */
import type { ServerFrame } from './types.ts'

export function parseFrame(text: string): ServerFrame | undefined {
  try {
    const frame = JSON.parse(text)
    return typeof frame?.type === 'string' ? frame : undefined
  } catch {
    return undefined
  }
}
