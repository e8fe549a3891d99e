/**
 * A stock Socket.IO client with the interface of the WebSocket client, so that one suite tests both. Where a relay of its
 * own is between it and the server, the network does what a well-behaved client does not do: not read, vanish.
 */
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client'
import type { EventFrame } from './client.ts'
import { PATIENCE_MS } from './patience.ts'
import { Relay } from './relay.ts'
import type { TestServer } from './server.ts'
import type { Join } from './wires.ts'

export type SocketIoTransport = 'websocket' | 'polling'

/** The one argument of an ack. */
export type Answer =
  | { readonly ok: true; readonly seq?: number; readonly kept: string; readonly duplicate?: true }
  | { readonly ok: false; readonly code: string; readonly message: string }

interface Ended {
  readonly code: number
  readonly reason: string
}

export class SocketIoPeer {
  readonly socket: Socket
  readonly closed: Promise<Ended>
  readonly #relay: Relay | undefined
  readonly #frames: EventFrame[] = []
  #ended: string | undefined
  #wake = () => {}

  constructor(socket: Socket, relay?: Relay) {
    this.socket = socket
    this.#relay = relay
    let end: Ended = { code: 1006, reason: '' }
    socket.onAny((type: string, data, meta) => {
      if (type === 'error' && data.code === 'closed') end = { code: data.close, reason: data.message }
      else this.#push({ type, data, ...meta })
    })
    this.closed = new Promise((resolve) => {
      socket.on('disconnect', (reason) => {
        this.#ended = `${end.code} ${end.reason || reason}`
        // Its goodbye is on the way.
        if (reason !== 'io client disconnect') relay?.cut()
        this.#wake()
        resolve(end)
      })
    })
  }

  /** Says an event; with an `id` what it is answered is a frame too, as over a WebSocket. */
  send(type: string, data?: unknown, id?: string): void {
    if (id === undefined) this.socket.emit(type, ...(data === undefined ? [] : [data]))
    else this.socket.emit(type, data, { id }, (answer: Answer) => this.#push(frameOf(answer, id)))
  }

  async next<D = never>(type?: string): Promise<EventFrame<D>> {
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      const frame = this.#frames.shift()
      if (frame && (type === undefined || frame.type === type)) return frame as EventFrame<D>
      if (frame) continue
      const wanted = type ?? 'an event'
      if (this.#ended) throw new Error(`waited for ${wanted}, but was disconnected: ${this.#ended}`)
      await this.#arrival(deadline - Date.now(), wanted)
    }
  }

  pause(): void {
    this.#relay?.pause()
  }

  resume(): void {
    this.#relay?.resume()
  }

  /** Vanishes as with a pulled cable. */
  terminate(): void {
    const { readyState, transport } = this.socket.io.engine
    if (readyState === 'open' && transport.name === 'polling') this.#relay?.cutWhenAsked()
    else this.#relay?.cut()
  }

  /** Leaves as a client does. */
  close(): void {
    this.socket.disconnect()
  }

  #push(frame: EventFrame): void {
    this.#frames.push(frame)
    this.#wake()
  }

  #arrival(ms: number, wanted: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`waited ${PATIENCE_MS} ms for ${wanted}`)), ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

function frameOf(answer: Answer, id: string): EventFrame {
  if (!answer.ok) {
    const { ok: _, ...data } = answer
    return { type: 'error', id, data }
  }
  const { ok: _, ...rest } = answer
  return { type: 'ack', id, ...rest } as EventFrame
}

/** The data of a refusal. */
export interface RefusedData {
  readonly code: string
  readonly message: string
  readonly status: number
  readonly retryAfterMs?: number
}

/** A refusal, or a connection that failed. */
export class ConnectFailed extends Error {
  readonly data: RefusedData | undefined

  constructor(path: string, { message, data }: Error & { data?: RefusedData }) {
    super(`${path} was refused: ${data?.status} ${message} ${JSON.stringify(data)}`)
    this.data = data
  }
}

export type SocketIoOptions = Partial<ManagerOptions & SocketOptions>

/** Joins the namespace of `url`; rejects with a `ConnectFailed`. */
export async function connectSocketIo(url: string, options: SocketIoOptions, relay?: Relay): Promise<SocketIoPeer> {
  const socket = io(url, { forceNew: true, reconnection: false, ...options })
  const peer = new SocketIoPeer(socket, relay)
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('connect_error', (error: Error & { data?: RefusedData }) => {
      socket.disconnect()
      relay?.cut()
      reject(new ConnectFailed(new URL(url).pathname, error))
    })
  })
  return peer
}

/** Joins a room by one transport, on a line of its own. */
export async function joinSocketIo(
  server: TestServer,
  path: string,
  auth: Record<string, string>,
  transport: SocketIoTransport,
): Promise<SocketIoPeer> {
  const relay = await Relay.open(server.port)
  return connectSocketIo(`http://127.0.0.1:${relay.port}${path}`, { transports: [transport], auth }, relay)
}

/** For the suites of all wires. */
export const joinBy =
  (transport: SocketIoTransport): Join =>
  (server, path, query = {}) =>
    joinSocketIo(server, path, query, transport)
