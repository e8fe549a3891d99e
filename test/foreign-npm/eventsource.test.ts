/** `eventsource`, the EventSource of npm; its own `fetch` is where headers go. */
import { EventSource } from 'eventsource'
import { useEventSource } from './browser-event-source.ts'
import { behavesAsEventStreamClient } from './event-stream-cases.ts'

behavesAsEventStreamClient({
  name: 'eventsource',
  tokens: ['header', 'cookie'],
  open(opening) {
    const { url, headers = {} } = opening
    const source = new EventSource(url, {
      fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...headers } }),
    })
    return useEventSource(source, opening)
  },
})
