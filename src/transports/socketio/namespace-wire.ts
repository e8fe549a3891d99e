/**
 * The wire of one namespace on a connection: what waits is shared with the others on it, and an end that the client may
 * come back from ends them all, so that it does come back. `namespace-peer.ts` adds what the client sends.
 */
import type { Mount } from '../../config/mount.ts'
import type { Bytes, Frame } from '../../delivery/frame.ts'
import type { Wire } from '../../delivery/wire.ts'
import { Close, type CloseReason } from '../../errors.ts'
import type { Connection } from './connection.ts'
import type { NamespaceEncoding } from './namespace-encoding.ts'
import type { Packets } from './packets.ts'

/** After these a client comes back by itself. Socket.IO does so when its connection ends, never for a namespace. */
const MAY_COME_BACK: readonly number[] = [Close.restart.code, Close.slow.code, Close.failed.code]

export abstract class NamespaceWire implements Wire {
  readonly encoding: NamespaceEncoding
  readonly limits: Mount['limits']
  /** Whether the room closed it. */
  isClosed = false
  protected readonly connection: Connection
  /** Its client was told that it is recovered, and has not been welcomed yet. */
  isRecovered = false
  /** The kept event that was sent last, or that the last frame came after. */
  protected after: number | undefined

  constructor(connection: Connection, encoding: NamespaceEncoding, limits: Mount['limits']) {
    this.connection = connection
    this.encoding = encoding
    this.limits = limits
  }

  /** As much as leaves the room's own limit what the connection's leaves. */
  get waiting(): number {
    const { waiting } = this.connection
    return waiting === 0 ? 0 : Math.max(1, waiting - this.#more)
  }

  send(bytes: Bytes, frames: readonly Frame[]): void {
    if (this.isClosed) return
    if (this.isRecovered && !this.#isSo(frames[0])) return
    const last = frames.at(-1)
    if (last) this.after = last.seq || last.after
    this.connection.send(bytes, () => frames.flatMap((frame) => this.encoding.packets.of(frame)))
  }

  /**
   * Whether what its client was told is so. If the room has moved since, or has forgotten what the client has seen, the
   * client is told anew: it comes back.
   */
  #isSo(welcome: Frame | undefined): boolean {
    if (welcome?.type !== 'welcome') return true
    this.isRecovered = false
    const isSo = JSON.parse(String(welcome.data)).resumed === true
    if (!isSo) this.close(Close.restart)
    return isSo
  }

  /** Sends packets of the gateway's own. */
  protected sendPackets(packets: Packets): void {
    if (!this.isClosed) this.connection.send(this.encoding.frames(packets), () => packets)
  }

  drained(below: number): Promise<void> | undefined {
    return this.connection.drained(below + this.#more)
  }

  rest(ms: number): void {
    this.connection.rest(ms)
  }

  close(reason: CloseReason): void {
    if (this.isClosed) return
    this.sendPackets([this.encoding.packets.closed(reason, this.after)])
    this.isClosed = true
    if (MAY_COME_BACK.includes(reason.code)) this.connection.end()
    else this.disconnect()
    this.closed(reason.code)
  }

  drop(): void {
    this.connection.drop()
  }

  /** Ends the namespace alone. */
  protected abstract disconnect(): void

  /** The server has ended it. */
  protected abstract closed(code: number): void

  /** By how much the connection may hold more than the room allows one peer. */
  get #more(): number {
    return Math.max(0, this.connection.namespaces.limitBytes - this.limits.bufferedBytes)
  }
}
