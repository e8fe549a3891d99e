/**
 * Socket.IO connections that ask for thousands of rooms and are ended for it while the first are worked on (catalogue: F9):
 * nothing is kept of what they asked for, so that a server with a small heap goes on.
 */
import { afterEach, expect, it } from 'vitest'
import { AttackedServer } from '../support/attacked.ts'
import { BarePolling } from '../support/bare-polling.ts'
import { amount } from '../support/scale.ts'

const CONNECTIONS = amount(250, 1000)
const CONNECTS = 5000
/** Less than what was left before. */
const HEAP_MIB = 128

let server: AttackedServer

afterEach(() => server.stop())

it(`${CONNECTIONS} connections with ${CONNECTS} connects each leave nothing`, async () => {
  server = await AttackedServer.start({ '/echo': { module: 'echo.ts' } }, { heapMib: HEAP_MIB })
  const honest = await server.honest('/echo')
  for (let at = 0; at < CONNECTIONS; at += 1) {
    const attacker = await BarePolling.open(server.http)
    await attacker.post(...Array.from({ length: CONNECTS }, (_, index) => `40/${at}-${index},`))
  }
  const { count } = await honest.times()
  expect(count).toBeGreaterThan(0)
  await honest.leave()
  expect(server.process.isRunning).toBe(true)
})
