/**
 * One client connection on a raw socket: handshake, then frames counted. One in `sampled` also reads the time a message
 * carries. A connection that is not sampled may rest: then it reads only now and then what has gathered, so that the
 * generator costs little and wakes nobody.
 */
import { connect, type Socket } from 'node:net'
import type { Dialect, Mark } from './dialect.ts'
import { clientFrame, FrameReader, type FrameSink, type ReadArea } from './frames.ts'
import type { Histogram } from './histogram.ts'
import { nowUs, readStamp } from './stamp.ts'

const TEXT = 1
const CLOSE = 8
const PING = 9
const PONG = 10
/** Shorter than any event, also when compressed: a ping of Socket.IO. */
const SHORT = 12

/** What all connections count together. */
export interface Tally {
  delivered: number
  bytes: number
  reads: number
  lastUs: number
  /** The time of the read that is being worked on. */
  readUs: number
  readonly latencies: Histogram
  /** A sampled connection reads the time of one delivery in so many: a power of two. */
  timedEvery: number
  /** What counts; without it every event does (compressed ones cannot be distinguished). */
  mark: Mark | undefined
  /** Times of the messages of each room, where they must be identified by their order. */
  readonly published: ((room: number, index: number) => number | undefined) | undefined
  /** Called for each delivery, in a closed loop. */
  onDelivery: ((connection: Connection) => void) | undefined
  onClosed: (connection: Connection) => void
}

export interface Opening {
  readonly port: number
  readonly target: string
  /** The room's path. */
  readonly room: string
  readonly dialect: Dialect
  readonly isDeflated: boolean
  readonly area: ReadArea
  readonly tally: Tally
}

export class Connection implements FrameSink {
  readonly room: number
  readonly isSampled: boolean
  /** Deliveries since the last reset. */
  got = 0
  isDeflated = false
  isClosed = false
  /** Its first frame of text: a welcome. */
  first: string | undefined
  /** An ack, as it was sent. */
  ack: string | undefined
  onReady: ((error?: Error) => void) | undefined
  /** Called with the next delivery. */
  onHeard: (() => void) | undefined
  #isResting = false
  #isUpgraded = false
  #framesBefore: number
  readonly #opening: Opening
  readonly #reader: FrameReader
  readonly #socket: Socket
  #head = ''

  constructor(opening: Opening, room: number, isSampled: boolean) {
    this.room = room
    this.isSampled = isSampled
    this.#opening = opening
    this.#framesBefore = opening.dialect.framesBefore
    this.#reader = new FrameReader(opening.area, this)
    const onread = { buffer: opening.area.open, callback: (count: number) => this.#read(count) }
    this.#socket = connect({ host: '127.0.0.1', port: opening.port, noDelay: true, onread })
    this.#socket.on('connect', () => this.#socket.write(this.#request()))
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => this.#closed())
  }

  /** Bytes that the server has not taken. */
  get waiting(): number {
    return this.#socket.writableLength
  }

  send(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  /** From now on it reads only when `look` is called. */
  rest(): void {
    this.#isResting = true
  }

  look(): void {
    this.#socket.resume()
  }

  wake(): void {
    this.#isResting = false
    this.#socket.resume()
  }

  /** Ends at once and leaves no port waiting. */
  destroy(): void {
    this.#socket.resetAndDestroy()
  }

  frame(area: Buffer, opcode: number, at: number, length: number, have: number): void {
    if (opcode === PING) this.send(clientFrame(PONG, area.subarray(at, at + have)).frame)
    else if (opcode === CLOSE) this.destroy()
    else if (this.#framesBefore > 0) this.#before(area, at, have)
    else if (length < SHORT) this.send(clientFrame(TEXT, Buffer.from('3')).frame)
    else this.#event(area, at, have)
  }

  #event(area: Buffer, at: number, have: number): void {
    const { tally } = this.#opening
    const { mark } = tally
    if (mark && area[at + mark.at] !== mark.byte) return
    this.got += 1
    tally.delivered += 1
    if (this.onHeard) {
      this.onHeard()
      this.onHeard = undefined
    }
    if (tally.onDelivery) tally.onDelivery(this)
    else if (this.isSampled && (this.got & (tally.timedEvery - 1)) === 0) {
      const stampUs = tally.published?.(this.room, this.got - 1) ?? (mark && readStamp(area, at, at + have))
      if (stampUs !== undefined) tally.latencies.add(tally.readUs - stampUs)
      if (mark?.byte === 97) this.ack ??= area.toString('latin1', at, at + have)
    }
  }

  #before(area: Buffer, at: number, have: number): void {
    const { dialect, room } = this.#opening
    const greeting = this.first === undefined ? dialect.greeting?.(room) : undefined
    this.first ??= area.toString('utf8', at, at + have)
    this.#framesBefore -= 1
    if (greeting !== undefined) this.send(clientFrame(TEXT, Buffer.from(greeting)).frame)
    if (this.#framesBefore === 0) this.#ready()
  }

  /** Returns whether to read on. */
  #read(count: number): boolean {
    const { tally, area } = this.#opening
    tally.bytes += count
    tally.reads += 1
    if (this.#isUpgraded) {
      tally.readUs = nowUs()
      const { delivered } = tally
      this.#reader.read(count)
      if (tally.delivered > delivered) tally.lastUs = tally.readUs
      return !this.#isResting
    }
    const before = this.#head.length
    this.#head += area.open.toString('latin1', 0, count)
    const end = this.#head.indexOf('\r\n\r\n')
    if (end < 0) return true
    if (!this.#head.startsWith('HTTP/1.1 101')) {
      this.#ready(new Error(`the handshake was refused: ${this.#head.slice(0, 120)}`))
      this.destroy()
      return false
    }
    this.isDeflated = /permessage-deflate/i.test(this.#head)
    this.#isUpgraded = true
    this.#head = ''
    if (this.#framesBefore === 0) this.#ready()
    const used = end + 4 - before
    if (used < count) this.#reader.read(count - used, used)
    return true
  }

  #ready(error?: Error): void {
    const { onReady } = this
    this.onReady = undefined
    onReady?.(error)
  }

  #closed(): void {
    this.isClosed = true
    this.#ready(new Error('the server ended the connection during the handshake'))
    this.#opening.tally.onClosed(this)
  }

  #request(): string {
    const { target, port, isDeflated } = this.#opening
    const extensions = isDeflated ? 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n' : ''
    return (
      `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: Y29ycmlkb3ItYmVuY2gtMQ==\r\n${extensions}\r\n`
    )
  }
}
