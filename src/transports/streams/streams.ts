/**
 * The Durable Streams protocol in JSON mode on a room's path (github.com/durable-streams/durable-streams, PROTOCOL.md):
 * reads of history, long polls, event streams, and posts. `server.ts` chooses it; `room-routes.ts` calls it after it has
 * checked path, origin and token.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Route } from '../../config/mount.ts'
import type { FlushQueue } from '../../delivery/flush-queue.ts'
import type { Pass } from '../../gate/pass.ts'
import { append } from './append.ts'
import { type LiveParts, LiveStreams } from './live.ts'
import { longPoll, readHead, readPage } from './read.ts'
import { type ReadRequest, readRequestOf } from './read-request.ts'

export interface StreamsParts extends LiveParts {
  readonly flushQueue: FlushQueue
}

/** One request to a room. */
interface StreamRequest {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly route: Route
  readonly query: URLSearchParams
}

export class Streams {
  readonly #parts: StreamsParts
  readonly #live: LiveStreams

  constructor(parts: StreamsParts) {
    this.#parts = parts
    this.#live = new LiveStreams(parts)
  }

  /** The read that a request asks for; `undefined`: it is no read. Throws a `Refusal` 400. */
  readOf(query: URLSearchParams, request: FastifyRequest) {
    const wanted = readRequestOf(query, request)
    if (!wanted) return undefined
    const answer = (call: StreamRequest, pass: Pass | undefined) => this.#read(call, wanted, pass)
    const isBodiless = request.method === 'HEAD'
    return {
      isAwaited: wanted.live === 'long-poll' && !isBodiless,
      isPeer: wanted.live === 'sse' && query.has('client') && !isBodiless,
      answer,
    }
  }

  /** The answer to a `HEAD` that is no read: where the room's log ends. */
  head({ request, reply, route }: StreamRequest): Promise<FastifyReply> {
    return readHead(this.#parts, request, reply, route)
  }

  /** Appends the messages of a `POST`. */
  append({ request, reply, route, query }: StreamRequest, pass: Pass | undefined): Promise<FastifyReply> {
    const peerOf = (token: string) => this.#live.peerOf(token)
    return append({ ...this.#parts, peerOf }, request, reply, route, query, pass)
  }

  /** Throws a `Refusal` before the answer has begun. */
  async #read(
    { request, reply, route, query }: StreamRequest,
    wanted: ReadRequest,
    pass: Pass | undefined,
  ): Promise<FastifyReply> {
    if (request.method === 'HEAD') return readHead(this.#parts, request, reply, route, wanted.live)
    if (wanted.live === 'sse') return this.#live.open(request, reply, route, query, wanted, pass)
    if (wanted.live === 'long-poll') return longPoll(this.#parts, request, reply, route, wanted, pass)
    return readPage(this.#parts, request, reply, route, wanted)
  }
}
