/**
 * Chooses the transport of each connection for `client.ts`: a WebSocket, or events over HTTP if WebSockets do not get
 * through. The choice stays until an attempt fails.
 */
import { openEventStream } from './event-stream.ts'
import type { Options, Transport, TransportEvents } from './types.ts'
import { type Endpoint, openWebSocket } from './websocket.ts'

/** Failed WebSocket attempts in a row, each while the server would admit us, before HTTP is tried. */
const MAX_BLOCKED = 2

export class TransportChoice {
  #isHttp = false
  #blocked = 0

  open(endpoint: Endpoint, options: Options, events: TransportEvents): Transport {
    return (this.#isHttp ? openEventStream : openWebSocket)(endpoint, options, events)
  }

  get isHttp(): boolean {
    return this.#isHttp
  }

  /** A welcome came: earlier failures do not count any more. */
  succeeded(): void {
    this.#blocked = 0
  }

  /** Events over HTTP brought no welcome: the next attempt is a WebSocket. */
  httpFailed(): void {
    this.#isHttp = false
  }

  /** A WebSocket brought no welcome although the server would admit us. An unreachable server does not count. */
  webSocketBlocked(): void {
    if (++this.#blocked < MAX_BLOCKED) return
    this.#isHttp = true
    this.#blocked = 0
  }
}
