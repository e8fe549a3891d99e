/** Another server has this room, so it does not open here: no failure of the room. A log throws it. */
import { Refusal } from '../errors.ts'

export class RoomElsewhere extends Refusal {
  constructor(path: string) {
    super(503, 'unavailable', `${path} lives on another server, try again`, { 'Retry-After': '1' })
  }
}
