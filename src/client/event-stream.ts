/**
 * The transport of the client for where no WebSocket gets through: it hears over Server-Sent Events and speaks by POST,
 * one message at a time so that their order holds. Same arguments and events as `websocket.ts`; opened by `road.ts`.
 */
import { refusalOf } from './refusal.ts'
import type { Options, Refusal, Transport, TransportEvents } from './types.ts'
import type { Target } from './websocket.ts'

export function openEventStream({ url, token }: Target, options: Options, events: TransportEvents): Transport {
  const { fetch = globalThis.fetch, credentials = 'same-origin' } = options
  const address = new URL(url)
  address.protocol = url.protocol.replace('ws', 'http')
  const room = address.origin + address.pathname
  address.searchParams.set('live', 'sse')
  const abort = new AbortController()
  const { signal } = abort
  const headers: Record<string, string> = token ? { Authorization: `Bearer ${token}` } : {}
  /** Names us to the server; it comes after the welcome, and nothing is said before. */
  let peer = ''
  let isSpeaking = false
  const queue: string[] = []

  const end = (code: number, reason: string, refusal?: Refusal) => {
    if (signal.aborted) return
    abort.abort()
    events.lost(code, reason, refusal)
  }
  const fail = (error: unknown) => end(1006, String(error))

  const hear = async () => {
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
      events.sign()
      const blocks = (rest + value).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) take(block)
    }
  }

  /** One event. Lines end at "\n" alone: JSON may hold other characters that count as line breaks elsewhere. */
  const take = (block: string) => {
    const field = (name: string) =>
      block
        .split('\n')
        .find((line) => line.startsWith(name))
        ?.slice(name.length)
        .trimStart()
    const said = JSON.parse(field('data:') ?? '{}')
    const event = field('event:')
    if (event === 'data') for (const frame of said) events.message(JSON.stringify(frame))
    else if (event === 'close') {
      const { code, reason, status, error, message } = said
      // A refusal comes so too, if it is only for now.
      end(code, reason, status === undefined ? undefined : { status, code: error, message })
    } else if (said.peer) {
      peer = said.peer
      speak().catch(fail)
    }
  }

  const speak = async () => {
    if (isSpeaking || !peer) return
    isSpeaking = true
    for (let text = queue.shift(); text && !signal.aborted; text = queue.shift()) await post(text)
    isSpeaking = false
  }

  /** Answers come over the stream; only what never reached the room is answered here. */
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

  hear().catch(fail)
  return {
    send(text) {
      queue.push(text)
      speak().catch(fail)
    },
    close: () => abort.abort(),
  }
}
