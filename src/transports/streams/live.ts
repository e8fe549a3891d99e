/**
 * Event streams (Server-Sent Events) on a room's own path. A plain read continues with what is published. A stream with
 * `client=` is a peer: it joins, is a member, and leaves when its stream ends. It posts its messages with the token that
 * its stream began with (`append.ts`). `room-routes.ts` calls this.
 */

import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import type { Route } from '../../config/mount.ts'
import { Close, Refusal, refusalOfJoin } from '../../errors.ts'
import type { Gate } from '../../gate/gate.ts'
import type { GuestIds } from '../../gate/guest-ids.ts'
import { identityOf } from '../../gate/identity.ts'
import { type Pass, whenExpired } from '../../gate/pass.ts'
import type { Lost } from '../../log/log.ts'
import type { Random } from '../../random.ts'
import type { EventRoom } from '../../room/open-room.ts'
import type { Visitor } from '../../room/session.ts'
import type { Heartbeat } from '../heartbeat.ts'
import type { Refusals } from '../refusals.ts'
import type { StreamPeer } from './append.ts'
import { cursors } from './cursor.ts'
import { BEAT_MS, EventStreamWire, streamEncoding } from './event-stream-wire.ts'
import type { ReadRequest } from './read-request.ts'

export interface LiveParts {
  readonly gate: Gate
  readonly guestIds: GuestIds
  readonly clock: Clock
  readonly random: Random
  readonly heartbeat: Heartbeat
  readonly refusals: Refusals
  /** Counts a connection that the server ends. */
  readonly closed: (code: number) => void
}

const TOKEN_BYTES = 24

export class LiveStreams {
  readonly #parts: LiveParts
  /** The peers with an open stream, by the stream's token. */
  readonly #peers = new Map<string, StreamPeer>()

  constructor(parts: LiveParts) {
    this.#parts = parts
  }

  /** The peer of a token. */
  peerOf(token: string): StreamPeer | undefined {
    return this.#peers.get(token)
  }

  /** Opens a stream. Rejects with a `Refusal` before the head is sent; an error after it is logged and ends the stream. */
  async open(
    request: FastifyRequest,
    reply: FastifyReply,
    route: Route,
    query: URLSearchParams,
    wanted: ReadRequest,
    pass: Pass | undefined,
  ): Promise<FastifyReply> {
    const isPeer = query.has('client')
    const visitor: Visitor | undefined = isPeer
      ? {
          ...identityOf(withoutOffset(query), this.#parts.guestIds.in(route.path), pass).visitor,
          via: 'http',
          address: request.caller.address,
        }
      : undefined
    const { room, release, leave } = await this.#parts.gate.admitRequest(
      request.caller,
      route,
      'subscribe',
      1,
      visitor?.client,
    )
    let stop = () => {}
    try {
      if (room.isClosed) throw new Refusal(503, 'room_closed', 'this room was just closed', { 'Retry-After': '1' })
      const refused = room.refusalOf(visitor?.client)
      if (refused) throw refusalOfJoin(refused)
      const { after, lost } = startOf(room, wanted.offset, isPeer)
      const token = visitor && this.#parts.random.bytes(TOKEN_BYTES).toString('base64url')
      const stream = this.#stream(reply, route, room, after, wanted.cursor, token)
      stop =
        visitor && token
          ? this.#join(room, visitor, stream, wanted.offset, token, pass)
          : this.#listen(room, stream, after, lost, pass)
      // A member keeps its room open; for a mere reader the admission does.
      if (visitor) release()
      whenGone(reply, () => {
        stop()
        release()
        leave()
      })
      this.#parts.heartbeat.add(stream, BEAT_MS)
      return reply
    } catch (error) {
      stop()
      release()
      leave()
      if (!reply.sent) throw error
      // The head is sent, so Fastify cannot answer with a status any more.
      this.#parts.refusals.of(error, request.caller)
      reply.raw.destroy()
      return reply
    }
  }

  #stream(
    reply: FastifyReply,
    { mount }: Route,
    room: EventRoom,
    after: number,
    cursor: string | undefined,
    token: string | undefined,
  ): EventStreamWire {
    const { readers } = room
    const { clock, random } = this.#parts
    const stream = new EventStreamWire({
      clock,
      random,
      response: reply.raw,
      encoding: streamEncoding(token === undefined ? 'log' : 'members', readers),
      readers,
      at: readers.offset(after),
      cursor: cursors(this.#parts, cursor),
      token,
      closed: this.#parts.closed,
      sendTimeoutMs: mount.limits.sendTimeoutMs,
    })
    reply.hijack()
    stream.open(reply.getHeaders())
    return stream
  }

  #join(
    room: EventRoom,
    visitor: Visitor,
    stream: EventStreamWire,
    offset: string | undefined,
    token: string,
    pass: Pass | undefined,
  ): () => void {
    const session = room.join(visitor, stream, offset)
    stream.onStalled = () => session.cutSlow('limits.sendTimeout')
    const { path, readers } = room
    this.#peers.set(token, { path, readers, session, subject: pass?.claims.sub })
    return () => {
      this.#peers.delete(token)
      // A client cannot announce its end over a stream: unless the room ended it, the connection may be lost.
      session.gone(!stream.isClosed)
    }
  }

  /** A reader's stream ends with its token; a member's end is up to the room. */
  #listen(
    room: EventRoom,
    stream: EventStreamWire,
    after: number,
    lost: Lost | undefined,
    pass: Pass | undefined,
  ): () => void {
    if (lost) stream.reset(room.readers.reset(lost))
    const subscription = room.readers.subscribe(stream, after)
    stream.onStalled = () => subscription.cutSlow('limits.sendTimeout')
    stream.begin()
    const cancel = whenExpired(this.#parts.clock, pass, () => stream.close(Close.expired))
    return () => {
      subscription.leave()
      cancel()
    }
  }
}

/**
 * Where a stream begins: at its offset, or else where a newcomer begins. A lost offset is not refused, since an EventSource
 * would not reconnect: a peer learns of it from its welcome, a reader from a reset before all that is kept.
 */
function startOf({ readers }: EventRoom, offset: string | undefined, isPeer: boolean) {
  const found = offset === undefined ? undefined : readers.find(offset)
  if (found && 'after' in found) return { after: found.after, lost: undefined }
  return { after: isPeer ? readers.newcomerAfter : readers.first - 1, lost: found?.lost }
}

function withoutOffset(query: URLSearchParams): URLSearchParams {
  const rest = new URLSearchParams(query)
  rest.delete('offset')
  return rest
}

function whenGone({ raw }: FastifyReply, then: () => void): void {
  if (raw.closed || raw.destroyed) then()
  else raw.once('close', then)
}
