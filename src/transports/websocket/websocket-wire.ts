/**
 * The wire of a WebSocket: frames are written to the raw socket, many in one write; `ws` closes on the same socket.
 * `room-socket.ts` makes it.
 */
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import type { Clock } from '../../clock.ts'
import type { Bytes, Encoding } from '../../delivery/frame.ts'
import { payloadOf } from '../../delivery/payload.ts'
import type { Wire } from '../../delivery/wire.ts'
import type { CloseReason } from '../../errors.ts'
import { drained } from '../drained.ts'
import { closeReason, frameBytes } from '../frame-bytes.ts'
import { deflated } from './deflate.ts'

export const plain: Encoding = { name: 'websocket', encode: (frame) => frameBytes(payloadOf(frame)) }

/** How long a peer that is no longer read may take to close. */
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
  /** Closes by the server's decision; frames already sent go first. */
  end(code: number, reason: string): void
  terminate(): void
}

export class WebSocketWire implements Wire {
  readonly encoding: Encoding
  /** Whether the room closed it. */
  isClosed = false
  readonly #ws: ClosableSocket
  readonly socket: Socket
  /** The answer to the handshake, until it is sent with the first frame. */
  #answer: string | undefined
  #cancelRest: (() => void) | undefined

  constructor(ws: ClosableSocket, socket: Socket, answer?: string) {
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

  /** Answers the handshake, if that is not done yet. */
  answer(): void {
    if (this.#answer === undefined) return
    this.socket.write(this.#answer, 'latin1')
    this.#answer = undefined
  }

  drained(below: number): Promise<void> | undefined {
    return drained(this.socket, below)
  }

  /** Stops reading for `ms`, so that TCP slows the peer down. A later call replaces the pause. */
  rest(ms: number): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#pause(ms, () => this.#readOn())
  }

  #readOn(): void {
    // While paused it could show no activity.
    this.#ws.isAlive = true
    this.#ws.resume()
  }

  /** Stops reading for good: the peer is closed for what it sent or did not read. */
  shut(): void {
    this.#pause(SHUT_MS, () => this.#ws.terminate())
  }

  #pause(ms: number, then: () => void): void {
    this.#cancelRest?.()
    this.#ws.pause()
    this.#cancelRest = this.#ws.clock.after(ms, then)
  }

  /** Called when the connection is closed. */
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
