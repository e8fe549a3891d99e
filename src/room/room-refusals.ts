/** Why a room takes nobody now: 503, and when to come back. `rooms.ts` throws these. */
import type { Mount } from '../config/mount.ts'
import { Refusal } from '../errors.ts'

/** A reload has changed the mount that admitted the peer. */
export function justClosed(): Refusal {
  return new Refusal(503, 'room_closed', 'this room was just closed', { 'Retry-After': '1' })
}

/** Throws if the room has lost its log as soon as it was open. */
export function mustNotBeClosed({ isClosed }: { readonly isClosed: boolean }): void {
  if (isClosed) throw justClosed()
}

export function full({ limits: { peers } }: Mount): Refusal {
  const message = `this room admits at most ${peers} peers`
  return new Refusal(503, 'room_full', message, { 'Retry-After': '10' }).by('limits.peers')
}

export function tooMany({ instances, pattern }: Mount): Refusal {
  const message = `at most ${instances} rooms are open under ${pattern}`
  return new Refusal(503, 'too_many_rooms', message, { 'Retry-After': '60' }).by('instances')
}

export function notClosed(): Refusal {
  return new Refusal(503, 'unavailable', 'the room did not close in time; try again later', { 'Retry-After': '5' })
}

export function notSure(): Refusal {
  const message = 'it is not certain now that this room is still here; try again'
  return new Refusal(503, 'unavailable', message, { 'Retry-After': '1' })
}

export function notOpened(): Refusal {
  return new Refusal(503, 'room_failed', 'this room does not open now', { 'Retry-After': '5' })
}
