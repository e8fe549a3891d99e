/** How a program uses a client that has the interface of a browser's EventSource. */
import type { StreamOpening } from './event-stream-cases.ts'

interface BrowserEventSource {
  readonly readyState: number
  addEventListener(type: string, listener: (event: Event) => void): void
  close(): void
}

const CLOSED = 2

export function useEventSource<S extends BrowserEventSource>(source: S, { heard, ended }: StreamOpening): S {
  for (const type of ['data', 'control', 'close'])
    source.addEventListener(type, (event) => {
      if ('data' in event) heard(type, String(event.data))
    })
  source.addEventListener('error', () => ended(source.readyState === CLOSED))
  return source
}
