/**
 * Runs the cases of `desync-cases.ts` against a port, and counts what a server was asked that nobody asked it: by
 * itself for `../desync.test.ts`, and through a proxy with the files that ship.
 */
import { Agent } from 'node:http'
import { describe, expect, it } from 'vitest'
import { tell } from '../support/figures.ts'
import type { TestServer } from '../support/server.ts'
import { CASES, type DesyncCase } from './desync-cases.ts'
import { ask, conversation } from './http.ts'
import type { ProxyKind } from './proxy.ts'
import { stageOf } from './stage.ts'

/** With it the server answers requests for its metrics with 401, and the log shows how often. */
export const LOCKED = { METRICS_TOKEN: 'a-token-that-nobody-has' }
/** How long a connection may stay open on which nothing more comes. */
const SILENCE_MS = 250
/** How many cases are said side by side. */
const AT_ONCE = 8

/** How often the server was asked for its figures, which no case asks for but in what it hides. */
export function hiddenRequests({ logs }: TestServer): number {
  return logs.filter(({ code }) => code === 'no_token').length
}

/** Says a case. → the answers that came, each from its status line on */
export async function answersTo(port: number, { bytes }: DesyncCase): Promise<string[]> {
  const said = await conversation(port, bytes, SILENCE_MS)
  return said === '' ? [] : said.split(/(?=HTTP\/1\.[01] [1-5]\d\d )/)
}

export function describeDesync(kind: ProxyKind): void {
  describe(`${kind.component} and requests that two readers may cut differently`, () => {
    const stage = stageOf(kind)

    it(`lets none of ${CASES.length} hidden requests through, and mixes up no answers`, async () => {
      const { url, proxy, servers } = await stage.open({ setup: { env: LOCKED } })
      const server = servers[0] as TestServer
      const agent = new Agent({ keepAlive: true, maxSockets: 4 })
      stage.defer(() => agent.destroy())
      const desyncs: string[] = []
      for (let at = 0; at < CASES.length; at += AT_ONCE) {
        const some = CASES.slice(at, at + AT_ONCE)
        const before = hiddenRequests(server)
        const answers = (await Promise.all(some.map((each) => answersTo(proxy.port, each)))).flat()
        // An answer that was meant for the hidden request would now be given to somebody else.
        const others = await Promise.all(
          ['/healthz', '/chat', '/client.js', '/nowhere'].map((path) => ask(`${url}${path}`, { agent })),
        )
        const isMixedUp =
          JSON.stringify(others.map(({ status }) => status)) !== '[200,200,200,404]' ||
          others[0]?.body !== '{"status":"alive"}'
        const isReached = hiddenRequests(server) > before || answers.some((answer) => answer.includes('no_token'))
        if (isReached || isMixedUp) desyncs.push(some.map(({ name }) => name).join(' or '))
      }
      tell('ST4', `desyncs of ${CASES.length} cases through ${kind.component}`, desyncs.length)
      expect(desyncs).toEqual([])
      // The cases reach the server as far as the proxy lets them, and the count counts.
      expect((await ask(`${servers[0]?.url}/metrics`)).status).toBe(401)
      expect(hiddenRequests(server)).toBe(1)
    })
  })
}
