/**
 * Posts over plain HTTP (Durable Streams protocol, 5.2): one message or a batch, all kept or none, handled like a peer's.
 * With an event stream's token in `Corridor-Peer` the sender is that stream's peer; otherwise it is an anonymous sender,
 * which is no member. `room-routes.ts` calls this.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import type { Route } from '../../config/mount.ts'
import { failureOf, Refusal, RepeatedError, refusalOf, roomErrorOf } from '../../errors.ts'
import type { Gate } from '../../gate/gate.ts'
import type { GuestIds } from '../../gate/guest-ids.ts'
import { identityOf, scoped } from '../../gate/identity.ts'
import { mustNotBeExpired, type Pass } from '../../gate/pass.ts'
import type { ProducerKey } from '../../log/log.ts'
import type { Random } from '../../random.ts'
import { timedOut } from '../../room/answers.ts'
import type { Offsets, Posted, Sender } from '../../room/open-room.ts'
import { unknownPeer } from '../../room/post-rate.ts'
import type { Message } from '../../room/protocol.ts'
import type { Visitor } from '../../room/session.ts'
import { within } from '../../within.ts'
import { messagesOf, mustBeJson, producerOf, readBody } from './append-request.ts'

/** Below the 5 s in which everything is answered. */
const ANSWER_MS = 4500

/** The peer of an event stream. */
export interface StreamPeer {
  readonly path: string
  readonly room: Offsets
  readonly session: Sender
  /** The `sub` of the token that opened the stream. */
  readonly subject: string | undefined
}

export interface AppendParts {
  readonly gate: Gate
  readonly guestIds: GuestIds
  readonly clock: Clock
  readonly random: Random
  /** The peer of an event stream by its token. */
  readonly peerOf: (token: string) => StreamPeer | undefined
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
  const claim = producerKeyOf(headers, pass)
  const { limits } = route.mount
  mustBeJson(raw, limits.payloadBytes)
  // Only after the checks: a client that sent `Expect: 100-continue` sends its body now.
  if (headers.expect !== undefined) reply.raw.writeContinue()
  const text = await readBody(raw, limits.payloadBytes)
  mustNotBeExpired(parts.clock, pass)
  if (text === '') throw new Refusal(400, 'bad_json', 'expected a message, got an empty body')
  const messages = messagesOf(text, limits)
  const token = headers['corridor-peer']
  if (typeof token === 'string') {
    const { session, room } = peerOfToken(parts, token, route, pass)
    gate.charge(request.caller, 1)
    return answer(request, reply, room, claim, await handle(parts, session, messages, claim))
  }
  const visitor = principalOf(identityOf(query, parts.guestIds.in(route.path), pass).visitor, pass)
  mustHaveClient(visitor, messages)
  const { room, release } = await gate.admitRequest(request.caller, route, 'post', messages.length)
  try {
    const sender = room.anonymousSender({ ...visitor, via: 'http' })
    return answer(request, reply, room, claim, await handle(parts, sender, messages, claim))
  } finally {
    release()
  }
}

/** Refuses the parts of the protocol that rooms do not support, so that no writer relies on them. Throws a `Refusal` 400. */
function mustBeSupported(headers: FastifyRequest['headers']): void {
  if (headers['stream-closed'] !== undefined) {
    throw new Refusal(400, 'not_closable', 'expected no Stream-Closed, since clients cannot close a room; leave it out')
  }
  if (headers['stream-seq'] !== undefined) {
    throw new Refusal(400, 'no_stream_seq', 'expected the Producer headers in place of Stream-Seq')
  }
}

/** The producer key, scoped to its principal, so that nobody else can collide with it or fence it off. */
function producerKeyOf(headers: FastifyRequest['headers'], pass: Pass | undefined): ProducerKey | undefined {
  const claim = producerOf(headers)
  return claim && { ...claim, producer: scoped(claim.producer, pass?.claims.sub) }
}

/** The sender with a `client` for its message ids: the one it names, else the subject of its token. */
function principalOf(visitor: Visitor, pass: Pass | undefined): Visitor {
  const sub = pass?.claims.sub
  return visitor.client === undefined && sub !== undefined ? { ...visitor, client: scoped('', sub) } : visitor
}

/** Refuses message ids of a sender without a stable identity: a retry could not be recognised. Throws a `Refusal` 400. */
function mustHaveClient({ client }: Visitor, messages: readonly Message[]): void {
  if (client !== undefined || messages.every(({ id }) => id === undefined)) return
  const message =
    'expected "?client=" or a token with a "sub" beside a message "id", got neither; add one, or leave the id out'
  throw new Refusal(400, 'bad_message', message)
}

/** The peer of a stream token, if path and subject are those of the stream. Throws a `Refusal` 404. */
function peerOfToken({ peerOf }: AppendParts, token: string, { path }: Route, pass: Pass | undefined): StreamPeer {
  const peer = peerOf(token)
  if (peer?.path === path && peer.subject === pass?.claims.sub) return peer
  throw unknownPeer()
}

/** Rejects with a `Refusal`. */
async function handle(
  { clock }: AppendParts,
  sender: Sender,
  messages: readonly Message[],
  producerKey: ProducerKey | undefined,
): Promise<Posted> {
  let isLate = false
  try {
    return await within(clock, ANSWER_MS, sender.post(messages, { producerKey, isLate: () => isLate }), () => {
      isLate = true
      throw timedOut()
    })
  } catch (thrown) {
    if (thrown instanceof Refusal) throw thrown
    const error = thrown instanceof RepeatedError ? thrown : roomErrorOf(thrown)
    if (!error) throw failureOf('handling a message', thrown)
    const refusal = refusalOf(error, producerKey !== undefined)
    // The room has counted it.
    refusal.limit = undefined
    throw refusal
  }
}

function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  room: Offsets,
  claim: ProducerKey | undefined,
  { produced, seq }: Posted,
): FastifyReply {
  reply.header('Cache-Control', 'no-store')
  if (!claim || !produced) {
    reply.header('Stream-Next-Offset', room.offset())
    if (!/\bapplication\/json\b/i.test(request.headers.accept ?? '')) return reply.code(204).send()
    // If it published nothing, it has no offset of its own: the end of the log is returned.
    const place = seq === undefined ? { offset: room.offset() } : { seq, offset: room.offset(seq) }
    return reply.type('application/json; charset=utf-8').send(JSON.stringify(place))
  }
  switch (produced.outcome) {
    case 'appended':
    case 'duplicate':
      return reply
        .headers({
          'Stream-Next-Offset': room.offset(),
          'Producer-Epoch': String(claim.epoch),
          'Producer-Seq': String(produced.seq),
        })
        .code(produced.outcome === 'appended' ? 200 : 204)
        .send()
    case 'stale':
      throw new Refusal(
        403,
        'stale_epoch',
        `expected epoch ${produced.epoch} or later of this producer, got ${claim.epoch}`,
        {
          'Producer-Epoch': String(produced.epoch),
        },
      )
    case 'gap':
      throw new Refusal(409, 'sequence_gap', `expected Producer-Seq ${produced.expected}, got ${claim.seq}`, {
        'Producer-Expected-Seq': String(produced.expected),
        'Producer-Received-Seq': String(claim.seq),
      })
    case 'unstarted':
      throw new Refusal(400, 'bad_producer', `expected a new epoch to begin with Producer-Seq 0, got ${claim.seq}`)
  }
}
