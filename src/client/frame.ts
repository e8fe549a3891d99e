/**
 * What arrives, read: JSON with a `type`, or nothing that an event room would say. Used by `client.ts`.
 */
import type { Frame } from './types.ts'

export function parseFrame(text: string): Frame | undefined {
  try {
    const frame = JSON.parse(text)
    return typeof frame?.type === 'string' ? frame : undefined
  } catch {
    return undefined
  }
}
