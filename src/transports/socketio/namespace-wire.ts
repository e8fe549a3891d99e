/**
 * The wire of one namespace on a connection: what waits is shared with the others on it, and an end that the client may
 * come back from ends them all, so that it does come back. `namespace-peer.ts` makes it.
 */
import type { Bytes, Frame } from '../../delivery/frame.ts'
import type { Wire } from '../../delivery/wire.ts'
import { Close, type CloseReason } from '../../errors.ts'
import type { Connection } from './connection.ts'
import type { NamespaceEncoding } from './namespace-encoding.ts'
import type { Packets } from './packets.ts'

/** After these a client comes back by itself. Socket.IO does so when its connection ends, never for a namespace. */
const MAY_COME_BACK: readonly number[] = [Close.restart.code, Close.slow.code, Close.failed.code]

export interface NamespaceWireParts {
  readonly connection: Connection
  readonly encoding: NamespaceEncoding
  /** The room's `limits.buffered`. */
  readonly limitBytes: number
  /** Counts a connection that the server ends. */
  readonly closed: (code: number) => void
  /** Ends the namespace alone. */
  readonly disconnect: () => void
}

export class NamespaceWire implements Wire {
  readonly encoding: NamespaceEncoding
  /** Whether the room closed it. */
  isClosed = false
  readonly #parts: NamespaceWireParts

  constructor(parts: NamespaceWireParts) {
    this.encoding = parts.encoding
    this.#parts = parts
  }

  /** As much as leaves the room's own limit what the connection's leaves. */
  get waiting(): number {
    const { waiting } = this.#parts.connection
    return waiting === 0 ? 0 : Math.max(1, waiting - this.#more)
  }

  send(bytes: Bytes, frames: readonly Frame[]): void {
    if (this.isClosed) return
    const { packets } = this.encoding
    this.#parts.connection.send(bytes, () => frames.flatMap((frame) => packets.of(frame)))
  }

  /** Sends packets of the gateway's own. */
  sendPackets(packets: Packets): void {
    if (!this.isClosed) this.#parts.connection.send(this.encoding.frames(packets), () => packets)
  }

  drained(below: number): Promise<void> | undefined {
    return this.#parts.connection.drained(below + this.#more)
  }

  rest(ms: number): void {
    this.#parts.connection.rest(ms)
  }

  close(reason: CloseReason): void {
    if (this.isClosed) return
    const { connection, closed, disconnect } = this.#parts
    this.sendPackets([this.encoding.packets.closed(reason)])
    this.isClosed = true
    closed(reason.code)
    if (MAY_COME_BACK.includes(reason.code)) connection.end()
    else disconnect()
  }

  drop(): void {
    this.#parts.connection.drop()
  }

  /** By how much the connection may hold more than the room allows one peer. */
  get #more(): number {
    return Math.max(0, this.#parts.connection.limitBytes - this.#parts.limitBytes)
  }
}
