/**
 * The current connection of a client: opened with the token and the offset of that moment, replaced by one with a new token
 * (`renewal.ts`), dropped. Events of earlier connections are ignored. `client.ts` owns it.
 */
import { withQuery } from './address.ts'
import type { WelcomeData } from './cursor.ts'
import { checkAdmission } from './refusal.ts'
import { Renewal } from './renewal.ts'
import { TransportChoice } from './transport-choice.ts'
import type { Options, Refusal, Transport, TransportEvents } from './types.ts'
import type { Endpoint } from './websocket.ts'

/** The client of a connection. */
interface Connected {
  /** Its stable id. */
  readonly client: string
  readonly url: URL
  readonly options: Options
  offset(): string | undefined
  /** The token is known, and the connection is being opened. */
  dialled(): void
  /** Another connection takes over, or is about to: nothing can be sent before its welcome. */
  replaced(): void
  readonly events: TransportEvents
}

export class Connector {
  #client: Connected
  #choice = new TransportChoice()
  #renewal: Renewal
  #transport: Transport | undefined
  #endpoint: Endpoint | undefined
  /** Counts connections. */
  #generation = 0
  /** The connection that last had a welcome. */
  #welcomed = 0

  constructor(client: Connected) {
    this.#client = client
    this.#renewal = new Renewal({
      newToken: () => this.#newToken(),
      open: (token, events) => this.#choice.open(this.#endpointOf(token), client.options, events),
      handOver: (transport, token) => this.#handOver(transport, token),
      lost: (reason) => client.events.lost(1006, reason),
    })
  }

  /** Whether the application gives a new token whenever it is asked. */
  get renews(): boolean {
    return typeof this.#client.options.token === 'function'
  }

  /** The current connection has had a welcome. */
  get isWelcomed(): boolean {
    return this.#welcomed === this.#generation
  }

  open(): void {
    const events = this.#eventsOf(++this.#generation)
    this.#dial(this.#generation).catch((error) => events.lost(1006, String(error)))
  }

  send(text: string): void {
    this.#transport?.send(text)
  }

  /** By default not with 1000, so that the room keeps our membership until we reconnect. */
  drop(code = 4000): void {
    this.#generation++
    this.#renewal.stop()
    this.#transport?.close(code, '')
    this.#transport = undefined
  }

  /** A further welcome of a connection leaves a renewal under way alone: the token is the same. */
  welcomed(welcome: WelcomeData): void {
    if (this.isWelcomed) return
    this.#welcomed = this.#generation
    this.#choice.succeeded()
    this.#renewal.plan(welcome, this.renews ? this.#endpoint?.token : undefined)
  }

  /** Whether the loss of the connection only means that the one with a new token has joined. */
  isReplaced(reason: string): boolean {
    return this.#renewal.replaces(reason)
  }

  /** A connection had no welcome. Asks over HTTP why; `undefined`: there is no answer, or another attempt has begun. */
  async refusal(): Promise<Refusal | undefined> {
    const generation = this.#generation
    if (this.#choice.isHttp) this.#choice.httpFailed()
    else if (this.#endpoint) {
      const { fetch = globalThis.fetch, credentials = 'same-origin' } = this.#client.options
      const result = await checkAdmission(this.#endpoint, fetch, credentials)
      if (result === 'admitted') this.#choice.webSocketBlocked()
      else if (generation === this.#generation) return result
    }
    return undefined
  }

  #eventsOf(generation: number): TransportEvents {
    const { events } = this.#client
    const isCurrent = () => generation === this.#generation
    return {
      message: (text) => isCurrent() && events.message(text),
      activity: () => isCurrent() && events.activity(),
      lost: (code, reason, refusal) => isCurrent() && events.lost(code, reason, refusal),
    }
  }

  async #dial(generation: number): Promise<void> {
    const token = await this.#newToken()
    if (generation !== this.#generation) return
    this.#client.dialled()
    this.#endpoint = this.#endpointOf(token)
    this.#transport = this.#choice.open(this.#endpoint, this.#client.options, this.#eventsOf(generation))
  }

  async #newToken(): Promise<string | undefined> {
    const { token } = this.#client.options
    return typeof token === 'function' ? token() : token
  }

  #endpointOf(token: string | undefined): Endpoint {
    const { url, client, options } = this.#client
    return { url: withQuery(url, { name: options.name, client, offset: this.#client.offset() }), token }
  }

  #handOver(transport: Transport, token: string): TransportEvents {
    this.#transport?.close(1000, '')
    this.#endpoint = this.#endpointOf(token)
    this.#transport = transport
    this.#client.replaced()
    return this.#eventsOf(++this.#generation)
  }
}
