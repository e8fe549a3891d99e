/**
 * Reading a room over plain HTTP (Durable Streams protocol, 5.5 to 5.7): a page of its log, its end (`HEAD`), and a long
 * poll that waits for what comes next. `http.ts` hands requests in; `live.ts` does the same over Server-Sent Events.
 */
import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import type { Route } from '../../config/mount.ts'
import type { Encoding } from '../../delivery/frame.ts'
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

/** A long poll only needs to know that there is something to read. */
const POLL: Encoding = { name: 'long-poll', encode: ({ seq }) => Buffer.alloc(seq > 0 ? 1 : 0) }

/** The place to read on from. Throws a `Refusal` 410 where the log cannot go on from there without a hole. */
function mustFind(readers: RoomReaders, offset: string): number {
  const found = readers.find(offset)
  if ('after' in found) return found.after
  throw gone(readers, found.lost)
}

/**
 * The protocol knows 410 for what was trimmed. An offset of an unknown epoch, of events that were lost, or ahead of the
 * log is gone in the same way: its place is in no log any more, and only who is told can begin anew.
 */
function gone(readers: RoomReaders, reason: Lost): Refusal {
  const said = {
    epoch: 'this offset is of another log',
    trimmed: 'the events after this offset are not kept any more',
    truncated: 'the event at this offset was lost',
    ahead: 'this offset is ahead of the log',
  }
  const headers = { 'Stream-Next-Offset': readers.offset(), 'Cache-Control': 'no-store' }
  return new Refusal(410, 'gone', `${said[reason]}; begin again at offset=-1`, headers, { reason })
}

/** A page of the log, at once. */
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
  // What is older than all that is kept has nothing before it: that is an answer, not an error.
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

/** Where the log ends. */
export async function readHead(
  { gate }: AnswerParts,
  request: FastifyRequest,
  reply: FastifyReply,
  route: Route,
  live?: Live,
): Promise<FastifyReply> {
  const { room, release } = await gate.admitRequest(request.caller, route, 'read')
  release()
  reply.headers({ 'Stream-Next-Offset': room.readers.offset(), 'Cache-Control': 'no-store' })
  return reply.type(live === 'sse' ? 'text/event-stream' : JSON_TYPE).send()
}

/** What is there after the offset, or what comes next. */
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
      page = await mustRead(readers, after, limit)
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
 * Resolves at the next event, when the room ends its listeners, after a while, or when the client is gone. Rejects with a
 * `Refusal` 401 when its token ends.
 */
async function arrival(
  { readers }: EventRoom,
  after: number,
  clock: Clock,
  response: ServerResponse,
  pass: Pass | undefined,
): Promise<void> {
  // It went while its room opened: nothing would tell of that now.
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
 * What every answer with a page says of it. No cache gives it without asking: its end moves with the next message, and
 * what is in it may be redacted. A room with tokens is not for shared caches (protocol, 10.1).
 */
function setPageHeaders(reply: FastifyReply, { mount }: Route, page: Page, tag: string): void {
  reply.headers({
    'Stream-Next-Offset': page.next,
    ETag: `"${tag}"`,
    'Cache-Control': mount.auth ? 'private, no-cache' : 'no-cache',
    ...(page.isUpToDate && { 'Stream-Up-To-Date': 'true' }),
  })
}

/** The same span of the same log; whether it was all there is stands in it too, since the answer says so. */
function tagOf({ epoch }: RoomReaders, { after, end, isUpToDate }: Page): string {
  return `${epoch}:${after}:${end}${isUpToDate ? '' : ':more'}`
}

function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((each) => each.trim().replace(/^W\//, '') === tag || each.trim() === '*')
}

/** As bytes, since to a text Fastify would add a charset, which JSON has not (RFC 8259, 11). */
function bytesOf({ frames }: Page): Buffer {
  return Buffer.from(listOf(frames))
}
