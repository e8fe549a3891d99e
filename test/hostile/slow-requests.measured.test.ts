/** Requests that do not end, at the deadlines that ship (catalogue: ST4). Shorter ones: `limits-admission.test.ts`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bound, tellWrong } from '../support/figures.ts'
import notes from '../support/notes.ts'
import { RawClient } from '../support/raw.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer

beforeAll(async () => {
  server = await startServer({ rooms: { '/notes': { definition: notes } } })
})

afterAll(() => server.close())

describe('a request that does not end', () => {
  tellWrong('ST4', 'requests without an end that were not cut')
  it('is cut at its deadline, said byte by byte or not at all, and the server answers others meanwhile', async () => {
    const drip = async (head: string, pieceEveryMs: number | undefined) => {
      const client = new RawClient(server.port)
      const started = performance.now()
      await client.write(head)
      const timer = pieceEveryMs && setInterval(() => client.socket.write('x'), pieceEveryMs)
      await client.ended
      clearInterval(timer || undefined)
      const text = await client.rest()
      return { seconds: (performance.now() - started) / 1000, status: Number(text.split(' ')[1] ?? 0) }
    }
    const [silent, slow, body] = await Promise.all([
      drip('GET /notes HTTP/1.1\r\nHost: 127.0.0.1\r\n', undefined),
      drip('GET /notes HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ', 1000),
      drip(
        'POST /notes HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n',
        1000,
      ),
      (async () => {
        for (let asked = 0; asked < 5; asked += 1) expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
      })(),
    ])
    for (const [answer, deadline] of [
      [silent, 10],
      [slow, 10],
      [body, 30],
    ] as const) {
      expect(answer.status).toBe(408)
      expect(answer.seconds).toBeGreaterThan(deadline - 0.5)
      bound('ST4', `s until a request without an end was cut, deadline ${deadline} s`, answer.seconds, deadline + 4)
    }
  })
})
