/**
 * Which transport a connection goes by: a WebSocket, and where that does not come about, events over HTTP; then the one
 * that worked stays, until it fails. Asked by `client.ts` for each connection.
 */
import { openEventStream } from './event-stream.ts'
import type { Options, Transport, TransportEvents } from './types.ts'
import { openWebSocket, type Target } from './websocket.ts'

/** So often in a row a WebSocket does not come about, though the server answers, before the other is tried. */
const MISSES = 2

export class Road {
  #isHttp = false
  #misses = 0

  open(target: Target, options: Options, events: TransportEvents): Transport {
    return (this.#isHttp ? openEventStream : openWebSocket)(target, options, events)
  }

  get isHttp(): boolean {
    return this.#isHttp
  }

  /** It brought a welcome. */
  arrived(): void {
    this.#misses = 0
  }

  /** Events over HTTP brought none: a WebSocket is tried again. */
  missed(): void {
    this.#isHttp = false
  }

  /** A WebSocket brought none, and the server says that it would let us in. A network that is away changes nothing. */
  blocked(): void {
    if (++this.#misses < MISSES) return
    this.#isHttp = true
    this.#misses = 0
  }
}
