/** A peer over Server-Sent Events and POST, with the face of the WebSocket client, so that one suite tests both. */
import type { EventFrame } from './client.ts'
import { type EventStreamReader, openStream, post } from './event-stream.ts'
import { PATIENCE_MS } from './patience.ts'

export class StreamPeer {
  readonly stream: EventStreamReader
  readonly closed: Promise<{ code: number; reason: string }>
  readonly #url: string
  readonly #frames: EventFrame[] = []
  readonly #token = Promise.withResolvers<string>()
  #ended: string | undefined
  #wake = () => {}
  #last: Promise<unknown> = Promise.resolve()

  constructor(url: string, stream: EventStreamReader) {
    this.#url = url
    this.stream = stream
    this.closed = this.#pump()
  }

  /** What a POST speaks as this peer with. */
  get token(): Promise<string> {
    return this.#token.promise
  }

  /** Says an event after those before it. Resolves with the HTTP status. */
  send(type: string, data?: unknown, id?: string): Promise<number> {
    const sent = this.#last.then(async () => {
      const token = await this.#token.promise
      return (await post(this.#url, { type, data, id }, { 'Corridor-Peer': token })).status
    })
    this.#last = sent
    return sent
  }

  async next<D = never>(type?: string): Promise<EventFrame<D>> {
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      const frame = this.#frames.shift()
      if (frame && (type === undefined || frame.type === type)) return frame as EventFrame<D>
      if (frame) continue
      if (this.#ended) throw new Error(`waited for ${type ?? 'an event'}, but the stream ended: ${this.#ended}`)
      await this.#arrival(deadline - Date.now(), type)
    }
  }

  pause(): void {
    this.stream.pause()
  }

  resume(): void {
    this.stream.resume()
  }

  terminate(): void {
    this.stream.close()
  }

  async #pump(): Promise<{ code: number; reason: string }> {
    let end = { code: 1006, reason: '' }
    for (;;) {
      const event = await this.stream.next(undefined, 60_000).catch(() => undefined)
      if (!event) break
      const said = JSON.parse(event.data)
      if (event.event === 'data') this.#frames.push(...said)
      else if (event.event === 'close') end = said
      else if (said.peer) this.#token.resolve(said.peer)
      this.#wake()
    }
    this.#ended = `${end.code} ${end.reason}`
    this.#wake()
    return end
  }

  #arrival(ms: number, type: string | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`waited ${PATIENCE_MS} ms for ${type ?? 'an event'}`)), ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** Joins the room at `url`. */
export async function joinStream(url: string, query: Record<string, string> = {}): Promise<StreamPeer> {
  const search = new URLSearchParams({ client: crypto.randomUUID(), ...query, live: 'sse' })
  return new StreamPeer(url, await openStream(`${url}?${search}`))
}
