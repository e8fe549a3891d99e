/** A server with rooms of notes for the tests that read pages of history over plain HTTP. */
import { afterAll, beforeAll, expect } from 'vitest'
import { post } from './event-stream.ts'
import notes from './notes.ts'
import { startServer, type TestServer } from './server.ts'

/** Starts the server before the tests of a file and closes it after them. */
export function openPages() {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer({
      server: { limits: { handshakes: { perSecond: 1e5, burst: 1e5 } } },
      rooms: {
        '/notes/:name': { definition: notes },
        '/short/:name': { definition: notes, history: { keep: 3 } },
        '/echo': { module: 'echo' },
      },
    })
  })
  afterAll(() => server.close())
  return {
    get server() {
      return server
    },
    /** A new room with so many events. → its URL */
    async room(events = 0, mount = 'notes'): Promise<string> {
      const url = `${server.url}/${mount}/${crypto.randomUUID()}`
      for (let index = 1; index <= events; index += 1) {
        expect((await post(url, { type: 'note', data: { text: `${index}` } })).status).toBe(204)
      }
      return url
    },
  }
}

/** A page of the room at a URL. */
export async function readPage(url: string, query: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}?${query}`, { headers })
  const text = await response.text()
  return {
    status: response.status,
    header: (name: string) => response.headers.get(name),
    next: response.headers.get('Stream-Next-Offset') ?? '',
    body: text && JSON.parse(text),
    texts: () => JSON.parse(text).map(({ data }: { data: { text: string } }) => data.text),
  }
}
