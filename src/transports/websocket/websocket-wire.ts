/**
 * The wire that a room sees of a WebSocket: frames go to the raw socket, many in one write, and `ws` closes on the same
 * one. `room-socket.ts` makes it.
 */
import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import type { Clock } from '../../clock.ts'
import type { Bytes, Encoding } from '../../delivery/frame.ts'
import { payloadOf } from '../../delivery/payload.ts'
import type { Wire } from '../../delivery/wire.ts'
import type { CloseReason } from '../../errors.ts'
import { drained } from '../drained.ts'
import { deflated } from './deflate.ts'
import { closeReason, frameBytes } from './frame-bytes.ts'

export const plain: Encoding = { name: 'websocket', encode: (frame) => frameBytes(payloadOf(frame)) }

/** How long a peer that is not read any more may take to go. */
const SHUT_MS = 1000

/** What a wire needs of the `ws` socket it belongs to. */
export interface ClosableSocket {
  readonly clock: Clock
  readonly extensions: string
  readonly readyState: number
  /** Whether anything came since the last ping. */
  isAlive: boolean
  pause(): void
  resume(): void
  /** The server ends it; what was sent to the peer goes before. */
  end(code: number, reason: string): void
  terminate(): void
}

export class WebSocketWire implements Wire {
  readonly encoding: Encoding
  /** It was the room that closed it. */
  isClosed = false
  readonly #ws: ClosableSocket
  readonly socket: Duplex
  /** The answer to the handshake, until the first frame takes it along. */
  #answer: string | undefined
  #cancelRest: (() => void) | undefined

  constructor(ws: ClosableSocket, socket: Duplex, answer?: string) {
    this.encoding = ws.extensions.includes('permessage-deflate') ? deflated : plain
    this.#ws = ws
    this.socket = socket
    this.#answer = answer
  }

  get waiting(): number {
    return this.socket.writableLength
  }

  send(bytes: Bytes): void {
    // After a close frame nothing may follow (RFC 6455, 5.5.1).
    if (this.#ws.readyState !== WebSocket.OPEN) return
    const answer = this.#answer
    if (answer === undefined) {
      this.socket.write(bytes, 'latin1')
      return
    }
    this.#answer = undefined
    const isText = typeof bytes === 'string'
    this.socket.write(isText ? answer + bytes : Buffer.concat([Buffer.from(answer), bytes]), 'latin1')
  }

  /** The handshake is answered, if it is not yet. */
  answer(): void {
    if (this.#answer === undefined) return
    this.socket.write(this.#answer, 'latin1')
    this.#answer = undefined
  }

  drained(below: number): Promise<void> | undefined {
    return drained(this.socket, below)
  }

  /** The network holds the peer back. What came in the same packet may make it longer. */
  rest(ms: number): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#pause(ms, () => this.#readOn())
  }

  #readOn(): void {
    // It could give no sign.
    this.#ws.isAlive = true
    this.#ws.resume()
  }

  /** It is closed for what it sent or did not take: the rest is not even read. */
  shut(): void {
    this.#pause(SHUT_MS, () => this.#ws.terminate())
  }

  #pause(ms: number, then: () => void): void {
    this.#cancelRest?.()
    this.#ws.pause()
    this.#cancelRest = this.#ws.clock.after(ms, then)
  }

  /** The connection is gone. */
  over(): void {
    this.#cancelRest?.()
  }

  drop(): void {
    this.#ws.terminate()
  }

  close({ code, reason, isUnread }: CloseReason): void {
    this.isClosed = true
    this.#ws.end(code, closeReason(reason))
    if (isUnread) this.shut()
  }
}
