/**
 * Which transport a connection goes by: a WebSocket, and where that does not come about, events over HTTP; then the one
 * that worked stays, until it fails. Asked by `client.ts` for each connection.
 */
import { openEventStream } from './event-stream.ts'
import type { Options, Transport, TransportEvents } from './types.ts'
import { openWebSocket, type Target } from './websocket.ts'

/** So often in a row a WebSocket does not come about before the other is tried, which gets one attempt. */
const MISSES = 2

export class Road {
  #isHttp = false
  #misses = 0

  open(target: Target, options: Options, events: TransportEvents): Transport {
    return (this.#isHttp ? openEventStream : openWebSocket)(target, options, events)
  }

  /** It brought a welcome. */
  arrived(): void {
    this.#misses = 0
  }

  /** It brought none. */
  missed(): void {
    if (!this.#isHttp && ++this.#misses < MISSES) return
    this.#isHttp = !this.#isHttp
    this.#misses = 0
  }
}
