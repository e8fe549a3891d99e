/** The `EventSource` of `undici`; headers go through a dispatcher. */
import { Agent, EventSource } from 'undici'
import { useEventSource } from './browser-event-source.ts'
import { behavesAsEventStreamClient } from './event-stream-cases.ts'

behavesAsEventStreamClient({
  name: "undici's EventSource",
  tokens: ['header', 'cookie'],
  open(opening) {
    const { url, headers = {} } = opening
    const dispatcher = new Agent().compose(
      (dispatch) => (options, handler) =>
        dispatch({ ...options, headers: { ...Object(options.headers), ...headers } }, handler),
    )
    return useEventSource(new EventSource(url, { node: { dispatcher } }), opening)
  },
})
