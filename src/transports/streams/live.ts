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
import type { Random } from '../../random.ts'
import type { Offsets, RoomReaders } from '../../room/open-room.ts'
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
  /** What the tokens of streams begin with: the name of this node and a dot, so that any node knows where to hand a post. */
  readonly tokenPrefix?: string | undefined
}

const TOKEN_BYTES = 24

/** A request for an event stream. */
interface Call {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly route: Route
  readonly wanted: ReadRequest
  readonly pass: Pass | undefined
}

/** An admitted request. */
interface Entry {
  readonly room: { readonly isClosed: boolean }
  release(): void
  leave(): void
  /** Sends the head, and begins to send events. */
  begin(): Begun
}

interface Begun {
  readonly stream: EventStreamWire
  stop(): void
}

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
    const call: Call = { request, reply, route, wanted, pass }
    const isPeer = query.has('client')
    const { room, release, leave, begin } = isPeer ? await this.#peer(call, query) : await this.#reader(call)
    let stop = () => {}
    try {
      if (room.isClosed) throw new Refusal(503, 'room_closed', 'this room was just closed', { 'Retry-After': '1' })
      const begun = begin()
      stop = begun.stop
      // A member keeps its room open; for a mere reader the admission does.
      if (isPeer) release()
      whenGone(reply, () => {
        stop()
        release()
        leave()
      })
      this.#parts.heartbeat.add(begun.stream, BEAT_MS)
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

  /** A client that is a peer. Its stream begins where its welcome says. */
  async #peer(call: Call, query: URLSearchParams): Promise<Entry> {
    const { gate, guestIds, random, tokenPrefix = '' } = this.#parts
    const { request, route, wanted, pass } = call
    const { offset } = wanted
    const { visitor: known } = identityOf(withoutOffset(query), guestIds.in(route.path), pass)
    const visitor: Visitor = { ...known, via: 'http', address: request.caller.address }
    const { client } = visitor
    const admission = await gate.admitStream(request.caller, route, { client, offset, isStream: true })
    const { room, begunMs } = admission
    const begin = () => {
      const refused = room.refusalOf(client)
      if (refused) throw refusalOfJoin(refused)
      const token = tokenPrefix + random.bytes(TOKEN_BYTES).toString('base64url')
      const stream = this.#stream(call, room, 'members', undefined, token)
      const session = room.join({ ...visitor, begunMs }, stream, offset)
      stream.onStalled = () => session.cutSlow('limits.sendTimeout')
      this.#peers.set(token, { path: room.path, room, session, subject: pass?.claims.sub })
      const stop = () => {
        this.#peers.delete(token)
        // A client cannot announce its end over a stream: unless the room ended it, the connection may be lost.
        session.gone(!stream.isClosed)
      }
      return { stream, stop }
    }
    return { ...admission, begin }
  }

  /** A client that only reads. Its stream ends with its token; a peer's end is up to the room. */
  async #reader(call: Call): Promise<Entry> {
    const { gate, clock } = this.#parts
    const { request, route, wanted, pass } = call
    const admission = await gate.admitRequest(request.caller, route, 'subscribe')
    const { readers } = admission.room
    const begin = () => {
      const { after, lost } = startOf(readers, wanted.offset)
      const stream = this.#stream(call, readers, 'log', readers.offset(after), undefined)
      if (lost) stream.reset(readers.reset(lost))
      const subscription = readers.subscribe(stream, after)
      stream.onStalled = () => subscription.cutSlow('limits.sendTimeout')
      stream.begin()
      const cancel = whenExpired(clock, pass, () => stream.close(Close.expired))
      const stop = () => {
        subscription.leave()
        cancel()
      }
      return { stream, stop }
    }
    return { ...admission, begin }
  }

  #stream(
    { reply, route: { mount }, wanted }: Call,
    room: Offsets,
    audience: 'members' | 'log',
    at: string | undefined,
    token: string | undefined,
  ): EventStreamWire {
    const { clock, random, closed } = this.#parts
    const stream = new EventStreamWire({
      clock,
      random,
      response: reply.raw,
      encoding: streamEncoding(audience, room),
      room,
      at,
      cursor: cursors(this.#parts, wanted.cursor),
      token,
      closed,
      sendTimeoutMs: mount.limits.sendTimeoutMs,
    })
    reply.hijack()
    stream.open(reply.getHeaders())
    return stream
  }
}

/**
 * Where a reader's stream begins. A lost offset is not refused, since an EventSource would not reconnect: a reset tells of
 * it, before all that is kept.
 */
function startOf(readers: RoomReaders, offset: string | undefined) {
  const found = offset === undefined ? undefined : readers.find(offset)
  if (found && 'after' in found) return { after: found.after, lost: undefined }
  return { after: readers.first - 1, lost: found?.lost }
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
