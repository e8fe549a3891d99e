/**
 * The private part of Node's HTTP server that we use. `test/transports/http/node-http-internals.test.ts` names it: with a
 * new major version of Node, run it first.
 */
import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** The response in progress on a connection; `undefined` if there is none. */
export function answerOf(socket: Duplex): ServerResponse | undefined {
  const { _httpMessage: answer } = socket as { _httpMessage?: ServerResponse | null }
  return answer ?? undefined
}
