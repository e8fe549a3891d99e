/** The peers of an open room as the operator sees them, and how the operator ends them. `operations/admin.ts` asks. */
import { Close, type CloseReason } from '../errors.ts'
import type { HostedRoom } from './hosted-room.ts'
import type { Members } from './members.ts'
import type { LivePeer } from './peer.ts'
import type { Via } from './session.ts'

export interface Connection {
  readonly id: string
  readonly connection: string
  readonly name: string
  readonly via: Via
  readonly address: string | undefined
  /** When it joined, ms since 1970. */
  readonly since: number
  /** Bytes sent to it that the network has not taken yet. */
  readonly waitingBytes: number
  readonly isHere: boolean
}

/** All peers of an id, or the peer of one connection. */
export type Kicked = { readonly id: string } | { readonly connection: string }

/** The first `most` peers, in the order they joined. */
export function connectionsOf({ present }: HostedRoom, most: number): Connection[] {
  return present.peers().take(most).map(connectionOf).toArray()
}

/** Ends peers: they are no members any more. Returns how many. */
export function kick(room: HostedRoom, who: Kicked, reason: string = Close.kicked.reason): number {
  const close = { code: Close.kicked.code, reason }
  return room.kind === 'raw' ? endAll(room, who, close) : endAll(room, who, close)
}

function connectionOf(peer: LivePeer): Connection {
  const { id, connection, name, via, address, sinceMs, subscriber, isHere } = peer
  return { id, connection, name, via, address, since: sinceMs, waitingBytes: isHere ? subscriber.waiting : 0, isHere }
}

interface Room<P extends LivePeer> {
  readonly present: Members<P>
  end(peer: P, reason: CloseReason): void
}

function endAll<P extends LivePeer>(room: Room<P>, who: Kicked, reason: CloseReason): number {
  const { present } = room
  const peers =
    'id' in who
      ? present.withId(who.id)
      : [...present.peers().filter(({ connection }) => connection === who.connection)]
  for (const peer of peers) room.end(peer, reason)
  return peers.length
}
