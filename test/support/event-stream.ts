/**
 * The tests' reader of Server-Sent Events: fields as they came, parsed by the letter of WHATWG HTML 9.2.6; what arrives
 * waits until the test asks for it.
 */
import { PATIENCE_MS, patiently } from './patience.ts'

export interface StreamEvent {
  event: string
  data: string
  id: string | undefined
}

export class EventStreamReader {
  readonly response: Response
  readonly comments: string[] = []
  /** The last `retry` that came. */
  retryMs: number | undefined
  readonly #ended: Promise<void>
  readonly #abort: AbortController
  #queue: StreamEvent[] = []
  #isOver = false
  #held: Promise<void> | undefined
  #wake = () => {}

  constructor(response: Response, abort: AbortController) {
    this.response = response
    this.#abort = abort
    this.#ended = this.#read()
  }

  /** Resolves when the stream has ended, however it ended. */
  get ended(): Promise<void> {
    return patiently(this.#ended, 'the end of the stream')
  }

  /** The next event; with `event`, the next of that kind, those before it are dropped. */
  async next(event?: string, patienceMs = PATIENCE_MS): Promise<StreamEvent> {
    const deadline = Date.now() + patienceMs
    for (;;) {
      const next = this.#queue.shift()
      if (next && (event === undefined || next.event === event)) return next
      if (next) continue
      if (this.#isOver) throw new Error(`the stream ended before the next ${event ?? 'event'}`)
      await this.#arrival(deadline - Date.now(), event)
    }
  }

  /** The next `control`, parsed. */
  async control(): Promise<{ streamNextOffset: string; streamCursor: string; upToDate?: boolean; peer?: string }> {
    return JSON.parse((await this.next('control')).data)
  }

  /** The events in the next `data`. */
  async data(): Promise<{ type: string; seq?: number; data: Record<string, unknown>; id?: string }[]> {
    return JSON.parse((await this.next('data')).data)
  }

  /** Reads no more until `resume`, so that what is sent piles up at the server. */
  pause(): void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#held = promise
    this.resume = resolve
  }

  resume = () => {}

  /** Disconnects as a closed tab does. */
  close(): void {
    this.#abort.abort()
  }

  #arrival(ms: number, event: string | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`waited ${PATIENCE_MS} ms for the next ${event ?? 'event'}`)), ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async #read(): Promise<void> {
    let rest = ''
    let block = new Block()
    try {
      for await (const chunk of this.response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        await this.#held
        const lines = (rest + chunk).split(/\r\n|\n|\r(?!\n|$)/)
        rest = lines.pop() ?? ''
        for (const line of lines) {
          if (line !== '') block.take(line, this)
          else {
            if (block.data.length > 0) this.#queue.push(block.event)
            block = new Block()
            this.#wake()
          }
        }
      }
    } catch {
      // Aborted by the test, or cut off: `ended` says it.
    }
    this.#isOver = true
    this.#wake()
  }
}

/** The lines up to an empty one. */
class Block {
  readonly data: string[] = []
  #event = 'message'
  #id: string | undefined

  get event(): StreamEvent {
    return { event: this.#event, data: this.data.join('\n'), id: this.#id }
  }

  take(line: string, reader: EventStreamReader): void {
    const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? []
    if (field === '') reader.comments.push(value)
    else if (field === 'event') this.#event = value
    else if (field === 'data') this.data.push(value)
    else if (field === 'id') this.#id = value
    else if (field === 'retry') reader.retryMs = Number(value)
    else throw new Error(`no field of an event stream: ${line}`)
  }
}

export async function openStream(url: string, headers: Record<string, string> = {}): Promise<EventStreamReader> {
  const abort = new AbortController()
  const response = await fetch(url, { headers, signal: abort.signal })
  if (response.status !== 200) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return new EventStreamReader(response, abort)
}

/** Posts messages over HTTP. */
export function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
  signal: AbortSignal | null = null,
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    signal,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}
