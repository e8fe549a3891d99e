/**
 * The HTTP between nodes, put together: what this node hands on to others, and what others hand on to it. `open.ts` makes
 * it for a node that reaches others over TCP; a simulation has none.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RoomRequest } from '../transports/http/room-routes.ts'
import { Forwarding, type ForwardingParts } from './forwarding.ts'
import { HandedOn } from './handed-on.ts'
import { type HandingGate, HandingOn, type HandingOnParts } from './handing-on.ts'

export interface NodeHttpParts
  extends Omit<ForwardingParts, 'self'>,
    Pick<HandingOnParts, 'roster' | 'ownership' | 'links' | 'doorOf'> {}

/** The public server of this node: it answers what is handed on to it as it does any request. */
interface PublicServer {
  routing(request: IncomingMessage, response: ServerResponse): void
}

export class NodeHttp {
  readonly #forwarding: Forwarding
  readonly #handingOn: HandingOn
  readonly #handedOn = new HandedOn((request, response) => this.#server?.routing(request, response))
  #server: PublicServer | undefined
  #gate: HandingGate | undefined

  constructor({ clock, random, ...parts }: NodeHttpParts) {
    this.#forwarding = new Forwarding({ clock, random, self: parts.roster.self })
    this.#handingOn = new HandingOn({
      ...parts,
      forwarding: this.#forwarding,
      isHandedOn: (request) => this.callerOf(request) !== undefined,
      clock,
      gate: {
        mustBeTaking: () => this.#gate?.mustBeTaking(),
        chargeRead: (caller) => this.#gate?.chargeRead(caller),
      },
    })
  }

  /** Called once, before the node listens. */
  serve(server: PublicServer, gate: HandingGate): void {
    this.#server = server
    this.#gate = gate
  }

  /** Answers a request of another node. */
  get take(): (request: IncomingMessage, response: ServerResponse) => void {
    return this.#handedOn.take
  }

  readonly callerOf: HandedOn['callerOf'] = (request) => this.#handedOn.callerOf(request)

  /** See `room-routes.ts`. */
  readonly handOn = (call: RoomRequest): Promise<boolean> => this.#handingOn.handOn(call)

  /** Ends the streams that go on. */
  drain(): void {
    this.#forwarding.drain()
  }

  close(): Promise<void> {
    return this.#forwarding.close()
  }
}
