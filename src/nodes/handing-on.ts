/**
 * Hands plain HTTP requests on to the node where their room lives, once, over the links' server of that node: reads,
 * streams of readers, descriptions, and posts. The answer goes through as it is. A post is handed on once and never again,
 * since it is not known what became of it. `room-routes.ts` asks, `forwarding.ts` carries, `handed-on.ts` answers.
 */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../clock.ts'
import type { Refusal } from '../errors.ts'
import type { Caller } from '../gate/caller.ts'
import type { RoomRequest } from '../transports/http/room-routes.ts'
import { mustBeJson, readBody } from '../transports/streams/append-request.ts'
import { within } from '../within.ts'
import { type Forwarding, POST_MS, unavailable, type Way } from './forwarding.ts'
import { HANDED } from './handed-on.ts'
import type { NodeId } from './link-message.ts'
import type { Door } from './link-network.ts'
import type { Links } from './links.ts'
import { DialError } from './network.ts'
import type { Home, Ownership } from './ownership.ts'
import type { Roster } from './roster.ts'

/** Clients bring it; nothing else is dialled. */
const NODE_ID = /^[\w-]{1,64}$/

export interface HandingOnParts {
  readonly forwarding: Pick<Forwarding, 'forward'>
  readonly roster: Pick<Roster, 'self'>
  readonly ownership: Pick<Ownership, 'find' | 'known' | 'doubt'>
  readonly links: Pick<Links, 'to'>
  readonly doorOf: (node: NodeId) => Door | undefined
  /** Whether another node has handed on this request. */
  readonly isHandedOn: (request: IncomingMessage) => boolean
  readonly clock: Clock
  readonly gate: HandingGate
}

/** What is asked of the gate before a request is handed on; the owner's asks the rest. */
export interface HandingGate {
  /** Throws a `Refusal` 503 while this server drains. */
  mustBeTaking(): void
  /** Throws a `Refusal` 429. */
  chargeRead(caller: Caller): void
}

/** Clients are told no address of a node; the log has it. */
const UNREACHED = 'the node where it lives cannot be reached'
const MOVED = 'it has just moved'

export class HandingOn {
  readonly #parts: HandingOnParts

  constructor(parts: HandingOnParts) {
    this.#parts = parts
  }

  /**
   * Answers a request whose room lives on another node. Resolves, when it is answered, with `true`; with `false` if it is
   * to be answered here. Rejects with a `Refusal`.
   */
  async handOn(call: RoomRequest): Promise<boolean> {
    const { request, route } = call
    const { ownership, gate, isHandedOn } = this.#parts
    const token = request.headers['corridor-peer']
    const isPost = request.method === 'POST'
    if (isPost && typeof token === 'string') return this.#handToPeer(call, token)
    const known = ownership.known(route.path)
    if (known?.at === 'here') return false
    const isSecond = isHandedOn(request.raw)
    // Redis, or another node, is asked.
    if (!isSecond) gate.chargeRead(request.caller)
    const home = known ?? (await ownership.find(route.path, isPost))
    if (home.at === 'here') return false
    if (isSecond) throw elsewhere()
    return this.#handToOwner(call, home)
  }

  /** The stream whose token it is has its connection on the node that the token begins with. */
  async #handToPeer(call: RoomRequest, token: string): Promise<boolean> {
    const { roster, gate, isHandedOn } = this.#parts
    const node = token.slice(0, Math.max(0, token.indexOf('.')))
    if (node === roster.self || !NODE_ID.test(node) || isHandedOn(call.request.raw)) return false
    gate.chargeRead(call.request.caller)
    const begunMs = this.#parts.clock.monotonic()
    const way = await this.#inTime(call, this.#wayTo(node))
    // Its process has ended, and its streams with it: the token is unknown.
    if (way instanceof DialError && way.failure === 'refused') return false
    if (way instanceof DialError) throw unavailable(UNREACHED)
    const spentMs = this.#parts.clock.monotonic() - begunMs
    if (await this.#parts.forwarding.forward(call, await bodyOf(call), way, spentMs)) return true
    throw unavailable(MOVED)
  }

  async #handToOwner(call: RoomRequest, home: Home): Promise<boolean> {
    // A page is read here too while this server drains.
    const { ownership, gate, clock, forwarding } = this.#parts
    if (call.request.method === 'POST' || call.query.has('live')) gate.mustBeTaking()
    const { path } = call.route
    const begunMs = clock.monotonic()
    const found = await this.#inTime(call, this.#wayToOwner(path, home))
    if (!found) return false
    let spentMs = clock.monotonic() - begunMs
    // A client may take its time.
    const body = await bodyOf(call)
    const againMs = clock.monotonic()
    if (await forwarding.forward(call, body, found, spentMs)) return true
    // Nothing was done there: it has the room no more.
    ownership.doubt(path, found.link.node, 'over')
    const next = await this.#wayToOwner(path, await ownership.find(path))
    if (!next && !body) return false
    spentMs += clock.monotonic() - againMs
    if (next && (await forwarding.forward(call, body, next, spentMs))) return true
    throw unavailable(MOVED)
  }

  /** A post is answered in time, also where a dial is not. */
  #inTime<T>({ request }: RoomRequest, way: Promise<T>): Promise<T> {
    if (request.method !== 'POST') return way
    return within(this.#parts.clock, POST_MS, way, () => {
      throw unavailable(UNREACHED)
    })
  }

  /** `undefined`: the room lives here by now. */
  async #wayToOwner(path: string, first: Home): Promise<Way | undefined> {
    const { ownership } = this.#parts
    let home = first
    for (let tries = 0; tries < 2 && home.at === 'there'; tries += 1) {
      const way = await this.#wayTo(home.node)
      if (!(way instanceof DialError)) return way
      ownership.doubt(path, home.node, way.failure)
      home = await ownership.find(path)
    }
    if (home.at === 'there') throw unavailable(UNREACHED)
    return undefined
  }

  async #wayTo(node: NodeId): Promise<Way | DialError> {
    try {
      const link = await this.#parts.links.to(node)
      const door = this.#parts.doorOf(node)
      return door ? { link, door } : new DialError('unreachable', 'the link to it is over')
    } catch (error) {
      if (error instanceof DialError) return error
      throw error
    }
  }
}

/** Whole, so that a slow client holds nothing of the owner. Rejects with a `Refusal` if it is too large. */
async function bodyOf({ request, reply, route }: RoomRequest): Promise<Buffer | undefined> {
  const { raw, method, headers } = request
  if (method !== 'POST') return undefined
  const { payloadBytes } = route.mount.limits
  mustBeJson(raw, payloadBytes)
  if (headers.expect !== undefined) reply.raw.writeContinue()
  return Buffer.from(await readBody(raw, payloadBytes))
}

/** Nothing was done, and the other node may ask who has it now. */
function elsewhere(): Refusal {
  const refusal = unavailable(MOVED)
  refusal.headers[HANDED.elsewhere] = '1'
  return refusal
}
