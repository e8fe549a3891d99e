/**
 * The transport of the client if no WebSocket gets through: it receives Server-Sent Events and sends by POST, one message
 * at a time to keep their order. Same arguments and events as `websocket.ts`; opened by `transport-choice.ts`.
 */
import { refusalOf } from './refusal.ts'
import type { Options, Refusal, Transport, TransportEvents } from './types.ts'
import type { Endpoint } from './websocket.ts'

export function openEventStream({ url, token }: Endpoint, options: Options, events: TransportEvents): Transport {
  const { fetch = globalThis.fetch, credentials = 'same-origin' } = options
  const address = new URL(url)
  address.protocol = url.protocol.replace('ws', 'http')
  const room = address.origin + address.pathname
  address.searchParams.set('live', 'sse')
  const abort = new AbortController()
  const { signal } = abort
  const headers: Record<string, string> = token ? { Authorization: `Bearer ${token}` } : {}
  /** Our session id in POST requests. It follows the welcome; nothing is sent before. */
  let peer = ''
  let isSending = false
  const queue: string[] = []

  const end = (code: number, reason: string, refusal?: Refusal) => {
    if (signal.aborted) return
    abort.abort()
    events.lost(code, reason, refusal)
  }
  const fail = (error: unknown) => end(1006, String(error))

  const receive = async () => {
    const response = await fetch(address, { headers, signal, credentials, cache: 'no-store' })
    if (!response.ok || !response.body) {
      const refusal = await refusalOf(response)
      end(1006, refusal.message, refusal)
      return
    }
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    let rest = ''
    for (;;) {
      const { value, done } = await reader.read()
      if (done) throw 'the stream ended'
      events.activity()
      const blocks = (rest + value).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) handle(block)
    }
  }

  /** Handles one event. Only "\n" ends a line: JSON may hold other characters that count as line breaks elsewhere. */
  const handle = (block: string) => {
    const field = (name: string) =>
      block
        .split('\n')
        .find((line) => line.startsWith(name))
        ?.slice(name.length)
        .trimStart()
    const data = JSON.parse(field('data:') ?? '{}')
    const event = field('event:')
    if (event === 'data') for (const frame of data) events.message(JSON.stringify(frame))
    else if (event === 'close') {
      const { code, reason, status, error, message } = data
      // A temporary refusal also arrives as a close event.
      end(code, reason, status === undefined ? undefined : { status, code: error, message })
    } else if (data.peer) {
      peer = data.peer
      sendQueued().catch(fail)
    }
  }

  const sendQueued = async () => {
    if (isSending || !peer) return
    isSending = true
    for (let text = queue.shift(); text && !signal.aborted; text = queue.shift()) await post(text)
    isSending = false
  }

  /** Answers arrive over the stream. Only a message that did not reach the room is answered by the POST itself. */
  const post = async (text: string) => {
    const response = await fetch(room, {
      method: 'POST',
      headers: { ...headers, 'Content-Type': 'application/json', 'Corridor-Peer': peer },
      body: text,
      signal,
      credentials,
    })
    if (response.ok) return
    const { status } = response
    const { error, message, issues, details } = await response.json()
    if (error === 'unknown_peer') throw message
    const code = status === 429 ? 'rate_limited' : status === 503 ? 'unavailable' : error
    events.message(JSON.stringify({ type: 'error', id: JSON.parse(text).id, data: { code, message, issues, details } }))
  }

  receive().catch(fail)
  return {
    send(text) {
      queue.push(text)
      sendQueued().catch(fail)
    },
    close: () => abort.abort(),
  }
}
