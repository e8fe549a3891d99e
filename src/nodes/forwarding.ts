/**
 * One request on its way to another node and its answer on the way back, over the links' server of that node. It ends when
 * the client is gone, when the link to the node is over, or when no answer begins in time. `handing-on.ts` says where to.
 */
import type { IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { Agent, type Dispatcher } from 'undici'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { Random } from '../random.ts'
import type { RoomRequest } from '../transports/http/room-routes.ts'
import { callerHeader, HANDED } from './handed-on.ts'
import { InFlight } from './in-flight.ts'
import type { Link } from './link.ts'
import { HEADER } from './link-handshake.ts'
import type { NodeId } from './link-message.ts'
import type { Door } from './link-network.ts'

export interface ForwardingParts {
  readonly self: NodeId
  readonly clock: Clock
  readonly random: Random
}

/** How another node is reached. */
export interface Way {
  readonly link: Link
  readonly door: Door
}

/** A post is answered within 5 s, or said to be unavailable. */
export const POST_MS = 4800
/** Until an answer begins: `open` and `admit` of a room may take 10 s each. */
const HEAD_MS = 25_000
/** A long poll waits for an event. */
const POLL_MS = 90_000
/** Streams that are cut by a drain come back spread over this time. */
const SPREAD_MS = 2000
/** Between the two sides of one connection (RFC 9110, 7.6.1), or said anew. */
const OWN_HEADERS = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...['expect', 'content-length', ...Object.values(HANDED), HEADER.from, HEADER.token],
])

export class Forwarding {
  readonly #parts: ForwardingParts
  readonly #agent = new Agent({ headersTimeout: 0, bodyTimeout: 0, connect: { timeout: 3000 } })
  /** End long polls and streams. */
  readonly #live = new Set<() => void>()
  readonly #inFlight = new InFlight()

  constructor(parts: ForwardingParts) {
    this.#parts = parts
  }

  /**
   * Resolves with `false` if the other node has done nothing, since it does not have the room. `spentMs`: how much of the
   * time for the answer is over.
   */
  async forward(call: RoomRequest, body: Buffer | undefined, { link, door }: Way, spentMs: number): Promise<boolean> {
    const aborted = new AbortController()
    const abort = () => aborted.abort()
    const { raw } = call.reply
    if (raw.destroyed) abort()
    raw.once('close', abort)
    const cancel = this.#parts.clock.after(headMs(call) - spentMs, abort)
    const remove = this.#inFlight.add(link, abort)
    try {
      const answer = await this.#ask(call, body, door, aborted.signal)
      cancel()
      if (answer.headers[HANDED.elsewhere] === undefined) await this.#pass(call, answer, abort)
      else await answer.body.dump()
      return answer.headers[HANDED.elsewhere] === undefined
    } catch {
      if (!raw.destroyed) throw unavailable('the node where it lives has not answered')
      // The client is gone.
      call.reply.hijack()
      return true
    } finally {
      cancel()
      remove()
      raw.off('close', abort)
    }
  }

  async #ask(
    { request }: RoomRequest,
    body: Buffer | undefined,
    door: Door,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const answer = await this.#agent.request({
      origin: `http://${door.address}`,
      path: request.raw.url ?? '/',
      // Of a room, no other is handed on.
      method: request.method === 'POST' ? 'POST' : request.method === 'HEAD' ? 'HEAD' : 'GET',
      headers: [
        ...forwarded(request.raw),
        ...[HANDED.caller, callerHeader(request.caller), HEADER.from, this.#parts.self, HEADER.token, door.token],
      ],
      ...(body && { body }),
      signal,
    })
    if (answer.headers[HANDED.answered] !== undefined) return answer
    await answer.body.dump()
    throw new Error('expected the answer of a node, got another')
  }

  /** From here on the answer is the owner's. */
  async #pass(
    { reply, query }: RoomRequest,
    { statusCode, headers, body }: Dispatcher.ResponseData,
    abort: () => void,
  ): Promise<void> {
    const connection = reply.getHeader('connection')
    const response = reply.hijack().raw
    if (query.has('live')) this.#live.add(abort)
    try {
      for (const [name, value] of Object.entries(headers))
        if (value !== undefined && (name === 'content-length' || !OWN_HEADERS.has(name)))
          response.setHeader(name, value)
      if (connection !== undefined) response.setHeader('connection', String(connection))
      response.writeHead(statusCode)
      // An event stream begins before its first event.
      response.flushHeaders()
      await pipeline(body, response)
    } catch {
      // One of the two sides is gone: the other one is ended too.
      response.destroy()
      body.destroy()
    } finally {
      this.#live.delete(abort)
    }
  }

  /** Ends the answers that go on: their clients come back, to another node. */
  drain(): void {
    const { clock, random } = this.#parts
    for (const end of this.#live) clock.after(random.fraction() * SPREAD_MS, end)
  }

  async close(): Promise<void> {
    for (const end of this.#live) end()
    await this.#agent.destroy()
  }
}

/** How long the answer may take to begin. */
function headMs({ request, query }: RoomRequest): number {
  if (request.method === 'POST') return POST_MS
  return query.get('live') === 'long-poll' ? POLL_MS : HEAD_MS
}

/** The headers of a request, as they came, without those between its two sides. */
function forwarded({ rawHeaders, headers }: IncomingMessage): string[] {
  const named = (headers.connection ?? '').toLowerCase().split(/[\s,]+/)
  const kept: string[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2)
    const lower = name.toLowerCase()
    if (!OWN_HEADERS.has(lower) && !named.includes(lower)) kept.push(name, value)
  }
  return kept
}

export function unavailable(why: string): Refusal {
  return new Refusal(503, 'unavailable', `this room lives on another node, try again: ${why}`, { 'Retry-After': '1' })
}
