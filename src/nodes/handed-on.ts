/**
 * Requests that other nodes hand on to this one, since their rooms live here: each comes over the links' server with the
 * caller that the other node has read, and is answered by the same routes as any. Nothing that a client sends can look like
 * one: what is believed is not in the request but kept beside it. `handing-on.ts` is the other side.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Caller } from '../gate/caller.ts'
import { wordOf } from './link-handshake.ts'
import { end } from './link-server.ts'

/** Headers between nodes. */
export const HANDED = {
  /** To the owner: who asks, as JSON in base64url. */
  caller: 'corridor-caller',
  /** From the owner: it is its answer, and nothing on the way. */
  answered: 'corridor-answered',
  /** From the owner: the room is not here, and nothing was done. */
  elsewhere: 'corridor-elsewhere',
} as const

export class HandedOn {
  readonly #callers = new WeakMap<IncomingMessage, Caller>()
  readonly #route: (request: IncomingMessage, response: ServerResponse) => void

  /** `route`: answers a request as the public server does. */
  constructor(route: (request: IncomingMessage, response: ServerResponse) => void) {
    this.#route = route
  }

  /** Answers a request of a node that has proved itself. */
  readonly take = (request: IncomingMessage, response: ServerResponse): void => {
    const caller = callerIn(wordOf(request.headers, HANDED.caller))
    if (!caller) {
      end(response, 400)
      return
    }
    this.#callers.set(request, caller)
    response.setHeader(HANDED.answered, '1')
    this.#route(request, response)
  }

  /** Who asks by a request that another node has handed on. `undefined`: it came by no other node. */
  readonly callerOf = (request: IncomingMessage): Caller | undefined => this.#callers.get(request)
}

export function callerHeader(caller: Caller): string {
  return Buffer.from(JSON.stringify(caller)).toString('base64url')
}

function callerIn(header: string | undefined): Caller | undefined {
  if (header === undefined) return undefined
  try {
    const caller: Caller = JSON.parse(Buffer.from(header, 'base64url').toString())
    return typeof caller.address === 'string' ? caller : undefined
  } catch {
    return undefined
  }
}
