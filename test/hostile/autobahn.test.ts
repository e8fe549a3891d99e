/** The Autobahn test suite's framing cases, sent by our own clients on plain sockets to an echo room. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CASES } from '../autobahn/cases.ts'
import { ECHO, type Result, runCases } from '../autobahn/runner.ts'
import { selfSigned } from '../support/certificate.ts'
import { tell } from '../support/figures.ts'
import { startServer, type TestServer } from '../support/server.ts'

const RIGHT = ['OK', 'NON-STRICT', 'INFORMATIONAL']

let server: TestServer
let results: Map<string, Result>

beforeAll(async () => {
  server = await startServer({ rooms: { '/echo': ECHO } })
  results = new Map((await runCases(`${server.ws}/echo`)).map((result) => [result.id, result]))
})

afterAll(() => {
  const right = [...results.values()].filter(({ verdict }) => RIGHT.includes(verdict)).length
  tell('F1', 'pass', `${right} of ${results.size}`)
  return server.close()
})

it('has every case of the categories 1 to 7 once, as many in each as Autobahn has', () => {
  const count = (category: string) => CASES.filter(({ id }) => id.startsWith(`${category}.`)).length
  expect(['1', '2', '3', '4', '5', '6', '7', '10'].map(count)).toEqual([16, 11, 7, 10, 20, 145, 37, 1])
  expect(new Set(CASES.map(({ id }) => id)).size).toBe(247)
})

it.each(CASES.map(({ id }) => id))('case %s', (id) => {
  const { verdict, detail } = results.get(id) as Result
  expect(RIGHT, `${verdict}: ${detail}`).toContain(verdict)
})

it('is not strict only where text is judged when its message is whole', () => {
  const lax = [...results.values()].filter(({ verdict }) => verdict === 'NON-STRICT').map(({ id }) => id)
  expect(lax).toEqual(['6.4.1', '6.4.2', '6.4.3', '6.4.4'])
})

it('goes as well over TLS', async () => {
  const tls = selfSigned()
  const secure = await startServer({ rooms: { '/echo': ECHO }, environment: { tls } })
  const wrong = (await runCases(`${secure.ws}/echo`, { tls: { ca: tls.cert } })).filter(
    ({ verdict }) => !RIGHT.includes(verdict),
  )
  await secure.close()
  expect(wrong).toEqual([])
})

it('fails a room that does not do what it must', async () => {
  const small = await startServer({ rooms: { '/echo': { ...ECHO, limits: { ...ECHO.limits, payload: 100 } } } })
  const cases = CASES.filter(({ id }) => ['1.1.1', '1.1.2', '6.3.1', '7.3.5'].includes(id))
  const verdicts = (await runCases(`${small.ws}/echo`, { cases })).map(({ verdict }) => verdict)
  await small.close()
  expect(verdicts).toEqual(['OK', 'FAILED', 'OK', 'OK'])
  const wrongCode = cases.map((row) => ({ ...row, codes: [4000] }))
  const again = (await runCases(`${server.ws}/echo`, { cases: wrongCode })).map(({ verdict }) => verdict)
  expect(again).toEqual(['WRONG CODE', 'WRONG CODE', 'WRONG CODE', 'WRONG CODE'])
})
