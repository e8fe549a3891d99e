/**
 * A room as a peer has it that had to wait for its place: its connection began when it asked, not when it joins. Meanwhile
 * its client may have connected to another node, and of the two the later one stays. `edge-reservations.ts` makes it.
 */
import type { Wire } from '../../delivery/wire.ts'
import type { JoinableRoom } from '../../room/open-room.ts'
import type { Visitor } from '../../room/session.ts'

export function begunAt(begunMs: number, room: JoinableRoom): JoinableRoom {
  const begun = (visitor: Visitor) => ({ ...visitor, begunMs })
  if (room.kind === 'raw')
    return {
      kind: 'raw',
      path: room.path,
      get isClosed() {
        return room.isClosed
      },
      join: (visitor: Visitor, wire: Wire, offset: string | undefined) => room.join(begun(visitor), wire, offset),
    }
  return {
    kind: 'event',
    path: room.path,
    get isClosed() {
      return room.isClosed
    },
    offset: (seq) => room.offset(seq),
    resumes: (offset) => room.resumes(offset),
    refusalOf: (client) => room.refusalOf(client),
    join: (visitor, wire, offset) => room.join(begun(visitor), wire, offset),
  }
}
