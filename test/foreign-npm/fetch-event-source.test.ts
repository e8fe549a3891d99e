/** `@microsoft/fetch-event-source`, which sends headers of one's own. It expects a browser's `window` and `document`. */
import { EventStreamContentType, fetchEventSource } from '@microsoft/fetch-event-source'
import { afterAll, beforeAll, vi } from 'vitest'
import { behavesAsEventStreamClient } from './event-stream-cases.ts'

beforeAll(() => {
  vi.stubGlobal('window', globalThis)
  vi.stubGlobal('document', new EventTarget())
})

afterAll(() => {
  vi.unstubAllGlobals()
})

/** The server says that trying again is of no use. */
class Refused extends Error {}
/** It ended a stream; this library takes that for the end of all. */
class Ended extends Error {}

behavesAsEventStreamClient({
  name: 'fetch-event-source',
  tokens: ['header', 'cookie'],
  open({ url, headers = {}, heard, ended }) {
    const abort = new AbortController()
    fetchEventSource(url, {
      headers,
      signal: abort.signal,
      openWhenHidden: true,
      async onopen({ status, headers }) {
        const type = headers.get('content-type') ?? ''
        if (status !== 200 || !type.startsWith(EventStreamContentType)) throw new Refused(`${status}`)
      },
      onmessage: ({ event, data }) => void (event && heard(event, data)),
      onclose() {
        throw new Ended()
      },
      onerror(error) {
        ended(error instanceof Refused)
        // Thrown, it is the end; else it tries again.
        if (error instanceof Refused) throw error
      },
    }).catch(() => {})
    return { close: () => abort.abort() }
  },
})
