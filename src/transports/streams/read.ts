/**
 * Reads over plain HTTP (Durable Streams protocol, 5.5 to 5.7): a page of the log, its end (`HEAD`), and a long poll, which
 * waits for the next event. `room-routes.ts` calls this; `live.ts` does the same over Server-Sent Events.
 */
import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import type { Route } from '../../config/mount.ts'
import type { Encoding, Frame } from '../../delivery/frame.ts'
import { listOf } from '../../delivery/payload.ts'
import { Refusal } from '../../errors.ts'
import { expired, type Pass, whenExpired } from '../../gate/pass.ts'
import type { Lost } from '../../log/log.ts'
import type { EventRoom, Page, RoomReaders } from '../../room/open-room.ts'
import { cursors } from './cursor.ts'
import { type AnswerParts, answerPage, precedingAnswers } from './page-answer.ts'
import type { Live, ReadRequest } from './read-request.ts'

const POLL_MS = 25_000
const JSON_TYPE = 'application/json'

/** A long poll only needs to know that there is an event to read. */
const POLL: Encoding = { name: 'long-poll', encode: ({ seq }) => Buffer.alloc(seq > 0 ? 1 : 0) }

/** The seq to read on after. Throws a `Refusal` 410 if the log cannot continue from there without a gap. */
function mustFind(readers: RoomReaders, offset: string): number {
  const found = readers.find(offset)
  if ('after' in found) return found.after
  throw gone(readers, found.lost)
}

/**
 * The protocol has 410 for trimmed events. It is also used for an offset of an unknown epoch, of lost events, or ahead of
 * the log: the client must begin again.
 */
function gone(readers: RoomReaders, reason: Lost): Refusal {
  const message = {
    epoch: 'this offset is of another log',
    trimmed: 'the events after this offset are not kept any more',
    truncated: 'the event at this offset was lost',
    ahead: 'this offset is ahead of the log',
    cleared: 'the history of this room was cleared',
  }
  const headers = { 'Stream-Next-Offset': readers.offset(), 'Cache-Control': 'no-store' }
  return new Refusal(410, 'gone', `${message[reason]}; begin again at offset=-1`, headers, { reason })
}

/** A page of the log, without waiting for events. */
export async function readPage(
  parts: AnswerParts,
  request: FastifyRequest,
  reply: FastifyReply,
  route: Route,
  wanted: ReadRequest,
): Promise<FastifyReply> {
  await precedingAnswers(request, reply)
  if (request.raw.socket.destroyed) return reply.hijack()
  const { room, release } = await parts.gate.admitRequest(request.caller, route, 'read')
  try {
    const { readers } = room
    const { offset = '-1', before, limit, cursor } = wanted
    if (before !== undefined) {
      const page = await readers.pageBefore(endOf(readers, before), limit)
      if (page.after >= readers.first) reply.header('Stream-Previous-Offset', readers.offset(page.after + 1))
      return await sendPage(parts, request, reply, route, page, `before:${tagOf(readers, page)}`)
    }
    const after = mustFind(readers, offset)
    reply.header('Stream-Cursor', cursors(parts, cursor)())
    if (offset === 'now') {
      reply.headers({
        'Stream-Next-Offset': readers.offset(),
        'Stream-Up-To-Date': 'true',
        'Cache-Control': 'no-store',
      })
      return reply.type(JSON_TYPE).send(Buffer.from('[]'))
    }
    const page = await mustRead(readers, after, limit)
    return await sendPage(parts, request, reply, route, page, tagOf(readers, page))
  } finally {
    release()
  }
}

/** The seq of the event that a read backwards must stay before. Throws a `Refusal` 410. */
function endOf(readers: RoomReaders, before: string): number {
  const found = readers.find(before)
  if ('after' in found) return found.after + (before === 'now' ? 1 : 0)
  // Nothing is before the oldest event kept: an empty page, not an error.
  if (found.lost === 'trimmed') return readers.first
  throw gone(readers, found.lost)
}

async function sendPage(
  parts: AnswerParts,
  request: FastifyRequest,
  reply: FastifyReply,
  route: Route,
  page: Page,
  tag: string,
): Promise<FastifyReply> {
  setPageHeaders(reply, route, page, tag)
  if (matches(request.headers['if-none-match'], `"${tag}"`)) return reply.code(304).send()
  reply.type(JSON_TYPE)
  return answerPage(parts, request, reply, () => bytesOf(page), route.mount.limits.sendTimeoutMs)
}

/** Answers `HEAD` with the end of the log. */
export async function readHead(
  { gate }: AnswerParts,
  request: FastifyRequest,
  reply: FastifyReply,
  route: Route,
  live?: Live,
): Promise<FastifyReply> {
  const { room, release } = await gate.admitRequest(request.caller, route, 'read')
  release()
  mustFind(room.readers, 'now')
  reply.headers({ 'Stream-Next-Offset': room.readers.offset(), 'Cache-Control': 'no-store' })
  return reply.type(live === 'sse' ? 'text/event-stream' : JSON_TYPE).send()
}

/** Answers with the events after the offset, or waits for the next one. */
export async function longPoll(
  parts: AnswerParts,
  request: FastifyRequest,
  reply: FastifyReply,
  route: Route,
  { offset = 'now', limit, cursor }: ReadRequest,
  pass: Pass | undefined,
): Promise<FastifyReply> {
  const { gate, clock } = parts
  await precedingAnswers(request, reply)
  if (request.raw.socket.destroyed) return reply.hijack()
  gate.chargeRead(request.caller)
  const { room, release, leave } = await gate.admitRequest(request.caller, route, 'subscribe')
  try {
    const { readers } = room
    const after = mustFind(readers, offset)
    let page = await mustRead(readers, after, limit)
    if (page.frames.length === 0) {
      await arrival(room, after, clock, reply.raw, pass)
      // One that has closed has nothing more to read; the next poll goes to the next opening.
      if (!room.isClosed) page = await mustRead(readers, after, limit)
    }
    reply.header('Stream-Cursor', cursors(parts, cursor)())
    setPageHeaders(reply, route, page, tagOf(readers, page))
    if (page.frames.length > 0) {
      reply.type(JSON_TYPE)
      return await answerPage(parts, request, reply, () => bytesOf(page), route.mount.limits.sendTimeoutMs)
    }
    return reply.removeHeader('ETag').header('Cache-Control', 'no-store').code(204).send()
  } finally {
    release()
    leave()
  }
}

/**
 * Resolves at the next event, when the room ends its readers, after `POLL_MS`, or when the client is gone. Rejects with a
 * `Refusal` 401 when its token expires.
 */
async function arrival(
  { readers }: EventRoom,
  after: number,
  clock: Clock,
  response: ServerResponse,
  pass: Pass | undefined,
): Promise<void> {
  // Gone while the room opened: no `close` event would follow.
  if (response.closed || response.destroyed) return
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const send = (bytes: Buffer) => {
    if (bytes.length > 0) resolve()
  }
  const subscription = readers.subscribe(
    { encoding: POLL, waiting: 0, send, drained: () => undefined, rest() {}, close: () => resolve(), drop() {} },
    after,
  )
  const cancel = clock.after(POLL_MS, resolve)
  const cancelEnd = whenExpired(clock, pass, () => reject(expired()))
  response.once('close', resolve)
  try {
    await promise
  } finally {
    subscription.leave()
    cancel()
    cancelEnd()
    response.off('close', resolve)
  }
}

async function mustRead(readers: RoomReaders, after: number, limit: number | undefined): Promise<Page> {
  const page = await readers.page(after, limit)
  if (!page) throw gone(readers, 'trimmed')
  return page
}

/**
 * Sets the headers of a page. Caches must revalidate it: its end moves with the next message, and events may be redacted.
 * The pages of a room with `auth` are not for shared caches (protocol, 10.1).
 */
function setPageHeaders(reply: FastifyReply, { mount }: Route, page: Page, tag: string): void {
  reply.headers({
    'Stream-Next-Offset': page.next,
    ETag: `"${tag}"`,
    'Cache-Control': mount.auth ? 'private, no-cache' : 'no-cache',
    ...(page.isUpToDate && { 'Stream-Up-To-Date': 'true' }),
  })
}

/**
 * The entity tag of a page: epoch, span, how many of its events were redacted (an event stays redacted, so a number is
 * enough), and whether it is up to date, since a header of the answer depends on that.
 */
function tagOf({ epoch }: RoomReaders, { frames, after, end, isUpToDate }: Page): string {
  const redacted = frames.filter(isRedacted).length
  return `${epoch}:${after}:${end}${redacted > 0 ? `:${redacted}` : ''}${isUpToDate ? '' : ':more'}`
}

/** Whether this is the place of a redacted event, which names itself; the event that announces it names another. */
function isRedacted({ type, seq, data }: Frame): boolean {
  return type === 'redacted' && String(data) === `{"seq":${seq}}`
}

function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((each) => each.trim().replace(/^W\//, '') === tag || each.trim() === '*')
}

/** As bytes: to a string Fastify would add a charset, which JSON does not have (RFC 8259, 11). */
function bytesOf({ frames }: Page): Buffer {
  return Buffer.from(listOf(frames))
}
