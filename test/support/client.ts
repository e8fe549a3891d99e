/**
 * The tests' WebSocket client, on `ws`: what arrives waits in a queue until the test asks for it, so a test never sleeps.
 * `support/server.ts` hands out clients of the server under test; `refused` is for a join that must be refused.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { WebSocket, type ClientOptions as WsOptions } from 'ws'
import { PATIENCE_MS } from './patience.ts'

/** What an event room sends (README: Messages). `D`: what the test takes `data` for. */
export interface EventFrame<D = unknown> {
  type: string
  data: D
  seq?: number
  time?: number
  id?: string
  kept?: string
  duplicate?: boolean
}

export interface ClientOptions extends WsOptions {
  protocols?: string[]
}

/** An upgrade that was answered with an ordinary HTTP response. `body`: parsed where it is JSON, else the text. */
export interface Refused {
  status: number
  headers: IncomingHttpHeaders
  body: unknown
}

/** Opens a connection; rejects with status and body when it is refused. */
export async function connect(url: string, options: ClientOptions = {}): Promise<Client> {
  const { protocols = [], ...rest } = options
  const socket = new WebSocket(url, protocols, rest)
  const client = new Client(socket)
  const answer = await opened(socket)
  if (answer) throw new Error(`${url} was refused: ${answer.status} ${JSON.stringify(answer.body)}`)
  return client
}

/** Tries an upgrade that must be refused; rejects when it is let in. */
export async function refused(url: string, options: ClientOptions = {}): Promise<Refused> {
  const { protocols = [], ...rest } = options
  const socket = new WebSocket(url, protocols, rest)
  const answer = await opened(socket)
  if (answer) return answer
  socket.terminate()
  throw new Error(`${url} was let in: expected a refusal`)
}

export class Client {
  /** The socket itself, for what a well-behaved client does not do: `pause()`, `ping()`, raw frames. */
  readonly socket: WebSocket
  /** Resolves when the connection has ended, however it ended. Never rejects. */
  readonly closed: Promise<{ code: number; reason: string }>

  #queue: (string | Uint8Array)[] = []
  #ended: string | undefined
  #wake = () => {}

  constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('error', () => {}) // `close` follows and is what tests look at
    socket.on('message', (data: Buffer, isBinary) => {
      this.#queue.push(isBinary ? new Uint8Array(data) : data.toString())
      this.#wake()
    })
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.#ended = `${code} ${reason}`.trim()
        this.#wake()
        resolve({ code, reason: reason.toString() })
      })
    })
  }

  /** Says an event: `{"type","data","id"}`. Without `data` the frame carries none. */
  send(type: string, data?: unknown, id?: string): void {
    this.sendText(JSON.stringify({ type, data, id }))
  }

  /** Sends a text frame as it is. */
  sendText(frame: string): void {
    this.socket.send(frame)
  }

  /** Sends a binary frame. */
  sendBinary(frame: Uint8Array): void {
    this.socket.send(frame)
  }

  /** The next event frame; with a `type`, the next of that type, those before it are dropped. */
  async next<D = unknown>(type?: string): Promise<EventFrame<D>> {
    const dropped: string[] = []
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      const frame = await this.#take(`event ${type ?? 'of any type'}`, dropped, deadline)
      const event = parse<D>(frame)
      if (!event) throw new Error(`expected an event frame, got ${show(frame)}`)
      if (type === undefined || event.type === type) return event
      dropped.push(show(frame))
    }
  }

  /** The next frame as text; a binary frame is an error. */
  async nextText(): Promise<string> {
    const frame = await this.nextFrame()
    if (typeof frame !== 'string') throw new Error(`expected a text frame, got ${show(frame)}`)
    return frame
  }

  /** The next frame as it came: text as a string, binary as bytes. */
  nextFrame(): Promise<string | Uint8Array> {
    return this.#take('frame', [], Date.now() + PATIENCE_MS)
  }

  /** Closes as a browser does (closing handshake) and waits until it is done. */
  close(code?: number, reason?: string): Promise<{ code: number; reason: string }> {
    this.socket.close(code, reason)
    return this.closed
  }

  /** Drops the connection without a close frame, as a pulled cable does. */
  terminate(): void {
    this.socket.terminate()
  }

  async #take(wanted: string, dropped: string[], deadline: number): Promise<string | Uint8Array> {
    for (;;) {
      const frame = this.#queue.shift()
      if (frame !== undefined) return frame
      const received = dropped.length === 0 ? 'nothing new came' : `what came: ${dropped.slice(-10).join(' ')}`
      if (this.#ended) throw new Error(`waited for the next ${wanted}, but was closed with ${this.#ended}; ${received}`)
      const leftMs = deadline - Date.now()
      if (leftMs <= 0) throw new Error(`waited ${PATIENCE_MS} ms for the next ${wanted}; ${received}`)
      await this.#arrival(leftMs)
    }
  }

  /** Resolves at the next frame, at the end of the connection, or after `ms`. One reader at a time. */
  #arrival(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** Resolves to nothing when the connection opens, to the answer when it is refused; rejects when there is no answer. */
function opened(socket: WebSocket): Promise<Refused | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`${socket.url}: no answer to the upgrade within ${PATIENCE_MS} ms`))
      socket.terminate()
    }, PATIENCE_MS)
    socket.once('close', () => clearTimeout(timer))
    socket.on('error', reject)
    socket.once('open', () => {
      clearTimeout(timer)
      resolve(undefined)
    })
    socket.once('unexpected-response', (_request, response) => {
      clearTimeout(timer)
      answered(response).then(resolve, reject)
    })
  })
}

async function answered(response: IncomingMessage): Promise<Refused> {
  const body = await text(response)
  return { status: response.statusCode ?? 0, headers: response.headers, body: parseJson(body) ?? body }
}

function parse<D>(frame: string | Uint8Array): EventFrame<D> | undefined {
  const value = typeof frame === 'string' ? parseJson(frame) : undefined
  const isEvent = typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
  return isEvent ? (value as EventFrame<D>) : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function show(frame: string | Uint8Array): string {
  return typeof frame === 'string' ? frame.slice(0, 200) : `<${frame.byteLength} bytes>`
}
