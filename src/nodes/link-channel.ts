/**
 * A channel over a WebSocket whose two ends have proved who they are: what is sent in one turn of the event loop leaves as
 * one message. `link-network.ts` opens channels.
 */
import type { WebSocket } from 'ws'
import type { Clock } from '../clock.ts'
import { errorOf } from '../thrown.ts'
import { Batch, readBatch } from './link-batch.ts'
import type { LinkMessage, NodeId } from './link-message.ts'
import { MalformedError } from './link-shapes.ts'
import type { Channel, ChannelEvents } from './network.ts'

/** A batch of so many bytes leaves at once: the other side hears something while more is on its way. */
const BATCH_BYTES = 256 * 1024
/** What was sent before the end has so long to leave. */
const LINGER_MS = 1000
/** The largest message: no link stands on which more waits. */
export const MAX_MESSAGE_BYTES = 72 * 1024 * 1024

export class WebSocketChannel implements Channel {
  readonly node: NodeId
  readonly #socket: WebSocket
  readonly #clock: Clock
  #batch = new Batch()
  #isSending = false
  #isOver = false
  #failure = ''
  #closed: ChannelEvents['closed'] | undefined

  constructor(socket: WebSocket, node: NodeId, clock: Clock) {
    this.#socket = socket
    this.node = node
    this.#clock = clock
    // `close` follows.
    socket.on('error', ({ message }) => {
      this.#failure = `: ${message}`
    })
  }

  /** Begins to read. */
  open(events: ChannelEvents): void {
    this.#closed = events.closed
    this.#socket.on('message', (data, isBinary) => {
      if (!this.#isOver) this.#read(data, isBinary, events)
    })
    this.#socket.on('close', (code) => this.#end(`the connection is over (${code})${this.#failure}`))
  }

  get waitingBytes(): number {
    return this.#socket.bufferedAmount + this.#batch.bytes
  }

  send(message: LinkMessage): void {
    if (this.#isOver) return
    this.#batch.add(message)
    if (this.#batch.bytes >= BATCH_BYTES) this.#flush()
    if (this.#isSending) return
    this.#isSending = true
    this.#clock.soon(() => {
      this.#isSending = false
      this.#flush()
    })
  }

  close(): void {
    if (this.#isOver) return
    this.#flush()
    this.#isOver = true
    this.#socket.close(1000)
    // Where the other side does not answer any more, nobody waits for it.
    const cancel = this.#clock.after(LINGER_MS, () => this.#socket.terminate())
    this.#socket.once('close', cancel)
    this.#clock.soon(() => this.#end('closed'))
  }

  #flush(): void {
    if (this.#batch.isEmpty || this.#isOver) return
    const batch = this.#batch
    this.#batch = new Batch()
    this.#socket.send(batch.toBuffer())
  }

  #read(data: unknown, isBinary: boolean, events: ChannelEvents): void {
    let messages: LinkMessage[]
    try {
      if (!isBinary || !Buffer.isBuffer(data)) throw new MalformedError('expected bytes')
      messages = readBatch(data)
    } catch (error) {
      // Another version, or a mistake: what follows cannot be trusted either.
      this.#end('it said what could not be read', errorOf(error))
      this.#socket.terminate()
      return
    }
    for (const message of messages) if (!this.#isOver) events.message(message)
  }

  #end(reason: string, mistake?: Error): void {
    this.#isOver = true
    const closed = this.#closed
    this.#closed = undefined
    closed?.(reason, mistake)
  }
}
