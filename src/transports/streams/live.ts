/**
 * Event streams (Server-Sent Events) on a room's own path: a plain read goes on with what is published, and one with
 * `client=` is a peer: it joins, is a member, and leaves when its stream ends; what it says it posts with the token that
 * its stream began with (`append.ts`). `http.ts` hands requests in.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import type { Route } from '../../config/mount.ts'
import { Close, Refusal, refusalOfJoin } from '../../errors.ts'
import type { Gate } from '../../gate/gate.ts'
import { identityOf } from '../../gate/identity.ts'
import { type Pass, whenExpired } from '../../gate/pass.ts'
import type { Lost } from '../../log/log.ts'
import type { Random } from '../../random.ts'
import type { EventRoom } from '../../room/open-room.ts'
import type { Visitor } from '../../room/session.ts'
import type { Heartbeat } from '../heartbeat.ts'
import type { StreamPeer } from './append.ts'
import { cursors } from './cursor.ts'
import { BEAT_MS, EventStreamWire, streamEncoding } from './event-stream-wire.ts'
import type { ReadRequest } from './read-request.ts'

export interface LiveParts {
  readonly gate: Gate
  readonly clock: Clock
  readonly random: Random
  readonly heartbeat: Heartbeat
  /** Counts a connection that we end. */
  readonly closed: (code: number) => void
}

const TOKEN_BYTES = 24

export class LiveStreams {
  readonly #parts: LiveParts
  /** Who has a stream now, by its token; as many as there are peers. */
  readonly #peers = new Map<string, StreamPeer>()

  constructor(parts: LiveParts) {
    this.#parts = parts
  }

  /** The peer of a token. */
  peerOf(token: string): StreamPeer | undefined {
    return this.#peers.get(token)
  }

  /** Opens a stream. Throws a `Refusal` before its head is sent. */
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
      ? { ...identityOf(withoutOffset(query), this.#parts.random, pass).visitor, via: 'http' }
      : undefined
    const { room, release, leave } = await this.#parts.gate.admitRequest(
      request.caller,
      route,
      'subscribe',
      1,
      visitor?.client,
    )
    try {
      if (room.isClosed) throw new Refusal(503, 'room_closed', 'this room was just closed', { 'Retry-After': '1' })
      const refused = room.refusalOf(visitor?.client)
      if (refused) throw refusalOfJoin(refused)
      const { after, lost } = startOf(room, wanted.offset, isPeer)
      const token = visitor && this.#parts.random.bytes(TOKEN_BYTES).toString('base64url')
      const stream = this.#stream(reply, route, room, after, wanted.cursor, token)
      const stop =
        visitor && token
          ? this.#join(room, visitor, stream, wanted.offset, token, pass)
          : this.#listen(room, stream, after, lost, pass)
      // A member is counted by the room itself; for who only reads, the room is kept open.
      if (visitor) release()
      whenGone(reply, () => {
        stop()
        release()
        leave()
      })
      this.#parts.heartbeat.add(stream, BEAT_MS)
      return reply
    } catch (error) {
      release()
      leave()
      throw error
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
    stream.open(reply.getHeaders() as Record<string, string>)
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
      // A client cannot say goodbye over a stream: its end may be a lost connection, unless the room ended it.
      session.gone(!stream.isClosed)
    }
  }

  /** A member's end is the room's to see to; who only reads hears no longer than its token is good. */
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
 * Where a stream begins: where it says, or else a peer as a newcomer. An offset that is lost is no status, from which an
 * EventSource cannot come back: a peer hears of it in its welcome, a reader in a reset before all that is kept.
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
