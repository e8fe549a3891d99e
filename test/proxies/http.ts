/** Plain requests for the tests of the proxies: from an address of choice, with the test's certificate, read in pieces. */
import { type ClientRequest, request as http, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { request as https } from 'node:https'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { PATIENCE_MS } from '../support/patience.ts'

export interface Ask {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The address to come from. */
  readonly from?: string
  /** Whom to believe, PEM. */
  readonly ca?: string | undefined
  readonly agent?: import('node:http').Agent
}

export interface Said {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The `error` of a JSON body. */
  readonly error: string | undefined
}

/** A request and its whole answer. */
export async function ask(url: string, options: Ask = {}): Promise<Said> {
  const { response } = await opened(url, options)
  const body = await text(response)
  return { status: response.statusCode ?? 0, headers: response.headers, body, error: errorOf(body) }
}

/** An event stream: its head has come; `until` waits for a text in what it sends from then on. */
export class Stream {
  readonly response: IncomingMessage
  /** Ms from the request to the first byte of the body, once it has come. */
  firstByteMs: number | undefined
  text = ''
  hasEnded = false
  readonly #request: ClientRequest
  #wake = () => {}

  constructor(request: ClientRequest, response: IncomingMessage, startedMs: number) {
    this.#request = request
    this.response = response
    response.setEncoding('utf8').on('data', (chunk: string) => {
      this.firstByteMs ??= performance.now() - startedMs
      this.text += chunk
      this.#wake()
    })
    response.on('error', () => {})
    response.on('close', () => {
      this.hasEnded = true
      this.#wake()
    })
  }

  static async open(url: string, options: Ask = {}): Promise<Stream> {
    const startedMs = performance.now()
    const { request, response } = await opened(url, {
      ...options,
      headers: { Accept: 'text/event-stream', ...options.headers },
    })
    return new Stream(request, response, startedMs)
  }

  async until(wanted: string, withinMs = PATIENCE_MS): Promise<void> {
    const deadline = performance.now() + withinMs
    while (!this.text.includes(wanted)) {
      const leftMs = deadline - performance.now()
      if (this.hasEnded || leftMs <= 0) throw new Error(`expected ${wanted} in the stream, got ${this.text}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  close(): void {
    this.#request.destroy()
  }
}

/** Writes bytes, and reads what comes until the other side ends the connection or says nothing for so long. */
export function conversation(port: number, bytes: string, silenceMs: number): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect({ port, host: '127.0.0.1' })
    socket.setTimeout(silenceMs, () => socket.destroy())
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('error', () => {})
    socket.on('end', () => socket.end())
    socket.on('close', () => resolve(text))
    socket.write(bytes, 'latin1')
  })
}

/** Writes bytes, and reads all that comes until the other side ends the connection. */
export function converse(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect({ port, host: '127.0.0.1' })
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error(`the connection stays open; got ${text}`)))
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
    })
    // A server that has read enough may reset.
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === undefined ? reject(error) : resolve(text)))
    socket.on('end', () => socket.end())
    socket.on('close', () => resolve(text))
    socket.write(bytes, 'latin1')
  })
}

function opened(url: string, options: Ask): Promise<{ request: ClientRequest; response: IncomingMessage }> {
  const { method = 'GET', headers = {}, body, from, ca, agent } = options
  const isSecure = url.startsWith('https:')
  return new Promise((resolve, reject) => {
    const request = (isSecure ? https : http)(url, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'Content-Length': String(Buffer.byteLength(body)) }) },
      ...(from && { localAddress: from }),
      ...(ca && { ca }),
      agent: agent ?? false,
    })
    request.on('response', (response) => resolve({ request, response }))
    request.on('error', reject)
    request.end(body)
  })
}

function errorOf(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { error?: string }).error
  } catch {
    return undefined
  }
}
