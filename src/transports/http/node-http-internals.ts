/**
 * What we know of the inside of Node's HTTP server, which has no public name for it. `test/transports/http/node-http-internals.test.ts`
 * names it: with a new major version of Node, run it first.
 */
import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** The answer that a connection of the HTTP server is busy with; `undefined` if it waits for a request. */
export function answerOf(socket: Duplex): ServerResponse | undefined {
  const { _httpMessage: answer } = socket as { _httpMessage?: ServerResponse | null }
  return answer ?? undefined
}
