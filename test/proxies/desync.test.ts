/** Requests that two readers may cut at different places, said to the server itself (catalogue: ST4). */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { tell } from '../support/figures.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { answersTo, hiddenRequests, LOCKED } from './desync.ts'
import { CASES, HIDDEN } from './desync-cases.ts'
import { converse } from './http.ts'

let server: TestServer

beforeAll(async () => {
  server = await startServer({ env: LOCKED })
})

afterAll(() => server.close())

it.each(CASES.filter(({ isProper }) => !isProper))('$name is refused, and the connection ends', async (each) => {
  const before = hiddenRequests(server)
  const said = await converse(server.port, each.bytes)
  expect(said).toMatch(/^HTTP\/1\.1 (400|413|431) /)
  expect(said.match(/^HTTP\/1\.[01] /gm)).toHaveLength(1)
  expect(hiddenRequests(server)).toBe(before)
})

it.each(CASES.filter(({ isProper }) => isProper))('$name is one request', async (each) => {
  const before = hiddenRequests(server)
  const answers = (await answersTo(server.port, each)).filter((answer) => !answer.includes(' 100 '))
  expect(answers).toHaveLength(1)
  expect(hiddenRequests(server)).toBe(before)
})

it('a request that is not hidden is counted: what the cases look for can be seen', async () => {
  const before = hiddenRequests(server)
  expect(await converse(server.port, HIDDEN.replace('X-Hidden: yes', 'Connection: close'))).toMatch(/^HTTP\/1\.1 401 /)
  expect(hiddenRequests(server)).toBe(before + 1)
  tell('ST4', `desyncs of ${CASES.length} cases said to the server itself`, before)
})
