/** The refusal for plain HTTP at a raw room, which has no log. The gate and `room-routes.ts` throw it. */
import { Refusal } from '../errors.ts'
import type { EventRoom, JoinableEventRoom, JoinableRoom, OpenRoom } from '../room/open-room.ts'

/** Throws a `Refusal` 405. */
export function mustKeepEvents(room: OpenRoom): EventRoom
export function mustKeepEvents(room: JoinableRoom): JoinableEventRoom
export function mustKeepEvents(room: JoinableRoom): JoinableEventRoom {
  if (room.kind === 'event') return room
  throw rawRoom()
}

/** A raw room has no log, so it can neither be read nor posted to over plain HTTP. */
export function rawRoom(): Refusal {
  return new Refusal(
    405,
    'raw_room',
    'expected an event room, got a raw room, which keeps no events; join it over a WebSocket',
  )
}
