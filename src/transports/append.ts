/**
 * Saying something over plain HTTP (Durable Streams protocol, 5.2): a `POST` of one message or of many, all kept or none,
 * handled as if a peer had sent it. Who brings a token speaks as the peer of an event stream; anyone else as a peer made
 * for the request, which is no member. `http.ts` hands requests in.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../clock.ts'
import { failureOf, LimitError, Refusal, RoomError, refusalOf } from '../errors.ts'
import type { LiveEventRoom } from '../event-room.ts'
import type { Gate } from '../gate.ts'
import { mustNotBeOver, type Pass } from '../guards/pass.ts'
import type { ProducerMark } from '../log/log.ts'
import type { EventPeer } from '../peer.ts'
import type { Produced } from '../producers.ts'
import type { Message } from '../protocol.ts'
import type { Route } from '../router.ts'
import { scoped, visitOf } from '../visit.ts'
import { messagesOf, mustBeJson, producerOf, readBody } from './append-request.ts'

/** Below the 5 s in which everything is answered. */
const ANSWER_MS = 4500

/** Who speaks in which room. */
export interface Speaker {
  readonly room: LiveEventRoom
  readonly peer: EventPeer
}

export interface AppendParts {
  readonly gate: Gate
  readonly clock: Clock
  /** The peer of an event stream by its token. */
  readonly peerOf: (token: string) => Speaker | undefined
}

export async function append(
  parts: AppendParts,
  request: FastifyRequest,
  reply: FastifyReply,
  route: Route,
  query: URLSearchParams,
  pass: Pass | undefined,
): Promise<FastifyReply> {
  const { gate } = parts
  const { raw, headers } = request
  mustBeSupported(headers)
  const claim = claimOf(headers, pass)
  const { limits } = route.mount
  const text = await readBody(raw, limits.payloadBytes)
  mustNotBeOver(parts.clock, pass)
  if (text === '') throw new Refusal(400, 'bad_json', 'expected a message, got an empty body')
  mustBeJson(raw)
  const messages = messagesOf(text, limits)
  const token = headers['corridor-peer']
  if (typeof token === 'string') {
    const speaker = speakerOf(parts, token, route, pass)
    gate.charge(raw, 1)
    charge(parts, speaker, messages.length)
    return answer(reply, speaker.room, claim, await handle(parts, speaker, messages, claim))
  }
  const visit = visitOf(query, pass)
  const { room, release } = await gate.visit(raw, route, 'speak', messages.length)
  try {
    const peer = room.stranger({ ...visit.visitor, via: 'http' })
    return answer(reply, room, claim, await handle(parts, { room, peer }, messages, claim))
  } finally {
    release()
  }
}

/** What the protocol has and a room has not is refused: a writer that counts on it must not believe it was done. */
function mustBeSupported(headers: FastifyRequest['headers']): void {
  if (headers['stream-closed'] !== undefined) {
    throw new Refusal(400, 'not_closable', 'a room is not closed by who writes to it; leave out Stream-Closed')
  }
  if (headers['stream-seq'] !== undefined) {
    throw new Refusal(400, 'no_stream_seq', 'expected the Producer headers in place of Stream-Seq')
  }
}

/** A producer is its principal's own: nobody else's claims run into it, or fence it off. */
function claimOf(headers: FastifyRequest['headers'], pass: Pass | undefined): ProducerMark | undefined {
  const claim = producerOf(headers)
  return claim && { ...claim, producer: scoped(claim.producer, pass?.claims.sub) }
}

/** The peer of a token, where who brings it may enter as who opened the stream. */
function speakerOf({ peerOf }: AppendParts, token: string, { path }: Route, pass: Pass | undefined): Speaker {
  const speaker = peerOf(token)
  const isHere = speaker?.room.path === path && !speaker.peer.hasLeft
  if (isHere && speaker.peer.claims?.sub === pass?.claims.sub) return speaker
  throw new Refusal(404, 'unknown_peer', 'this peer is gone or never was here; open its event stream again')
}

/** A peer has its rate over every transport; a batch costs as much as its messages. */
function charge({ clock }: AppendParts, { room, peer }: Speaker, cost: number): void {
  const { rate, waiting } = room.settings.limits
  if (cost > rate.burst) {
    const message = `this room takes ${rate.burst} messages of a peer at once, got ${cost}`
    throw new Refusal(413, 'too_many_messages', message).by('limits.rate')
  }
  if (!peer.bucket.take(rate, clock.monotonic(), cost)) {
    const waitMs = peer.bucket.waitMs(rate, cost)
    const retry = { 'Retry-After': String(Math.max(1, Math.ceil(waitMs / 1000))) }
    throw new Refusal(429, 'rate_limited', `too fast, say it again in ${waitMs} ms`, retry).by('limits.rate')
  }
  if (peer.sequence.length >= waiting) {
    const message = 'too many of your messages wait, say it again'
    throw refusalOf(new LimitError('limits.waiting', 'unavailable', message), false)
  }
}

/** Resolves to what became of a producer's batch, to nothing for any other. Rejects with a `Refusal`. */
async function handle(
  { clock }: AppendParts,
  { room, peer }: Speaker,
  messages: readonly Message[],
  claim: ProducerMark | undefined,
): Promise<Produced | undefined> {
  const handled: Promise<Produced | undefined> = claim
    ? room.produce(peer, messages, claim)
    : room.post(peer, messages).then(() => undefined)
  let cancel = () => {}
  const late = new Promise<never>((_, reject) => {
    const error = new RoomError('unavailable', 'no answer in time; say it again under the same ids')
    cancel = clock.after(ANSWER_MS, () => reject(error))
  })
  try {
    return await Promise.race([handled, late])
  } catch (error) {
    throw error instanceof RoomError ? refusalOf(error, claim !== undefined) : failureOf('handling a message', error)
  } finally {
    cancel()
  }
}

function answer(
  reply: FastifyReply,
  room: LiveEventRoom,
  claim: ProducerMark | undefined,
  produced: Produced | undefined,
): FastifyReply {
  reply.header('Cache-Control', 'no-store')
  if (!claim || !produced) return reply.header('Stream-Next-Offset', room.reading.offset()).code(204).send()
  switch (produced.outcome) {
    case 'appended':
    case 'duplicate':
      return reply
        .headers({
          'Stream-Next-Offset': room.reading.offset(),
          'Producer-Epoch': String(claim.epoch),
          'Producer-Seq': String(produced.seq),
        })
        .code(produced.outcome === 'appended' ? 200 : 204)
        .send()
    case 'stale':
      throw new Refusal(403, 'stale_epoch', `this producer goes on in epoch ${produced.epoch}`, {
        'Producer-Epoch': String(produced.epoch),
      })
    case 'gap':
      throw new Refusal(409, 'sequence_gap', `expected Producer-Seq ${produced.expected}, got ${claim.seq}`, {
        'Producer-Expected-Seq': String(produced.expected),
        'Producer-Received-Seq': String(claim.seq),
      })
    case 'unstarted':
      throw new Refusal(400, 'bad_producer', `expected a new epoch to begin with Producer-Seq 0, got ${claim.seq}`)
  }
}
