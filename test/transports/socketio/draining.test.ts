/** How long a drain waits for Socket.IO clients that poll: not for those it has closed, and not for those that are gone. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type HandClock, handClock } from '../../../src/testing/hand-clock.ts'
import { BarePolling } from '../../support/bare-polling.ts'
import { closeInTime, passUntil } from '../../support/close-in-time.ts'
import notes from '../../support/notes.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const DRAIN_MS = 600_000
/** How long a client may take to ask once more. */
const LINGER_MS = 5000
const BAD_PACKET = '4x'

let clock: HandClock
let server: TestServer
let url: string
let isClosed = false

beforeEach(async () => {
  clock = handClock()
  server = await startServer({ rooms: { '/notes': { definition: notes } }, clock, env: { DRAIN_MS: String(DRAIN_MS) } })
  url = server.url.replace(/\/$/, '')
  isClosed = false
})

afterEach(async () => {
  if (!isClosed) await closeInTime(server, clock)
})

/** The time that the drain takes. Sockets move in real time, so the smaller the steps are, the better it is known. */
async function drainedInMs(stepMs: number): Promise<number> {
  const beganMs = clock.monotonic()
  await passUntil(clock, server.close(), stepMs)
  isClosed = true
  return clock.monotonic() - beganMs
}

it('a client whose poll waits is told so at once', async () => {
  const ann = await BarePolling.open(url)
  const polled = ann.poll()
  // Answered after the poll was read.
  await ann.post('3')
  expect(await drainedInMs(1)).toBeLessThan(LINGER_MS)
  expect(await polled).toMatchObject({ status: 200 })
})

it.each([
  ['reads nothing more', []],
  ['has sent a packet that is none', [BAD_PACKET]],
])('a client that %s has 5 s, and no more', async (_, packets) => {
  const ben = await server.connect('/notes')
  const ann = await BarePolling.join(url, '/notes')
  await ann.post('42/notes,["note",{"text":"waits for a poll"}]')
  await ben.next('noted')
  for (const packet of packets) await ann.post(packet)
  const ms = await drainedInMs(50)
  expect(ms).toBeGreaterThanOrEqual(LINGER_MS)
  expect(ms).toBeLessThan(DRAIN_MS / 10)
})
