/** Closes a server whose time is turned by hand, and lets so much of it pass as that takes. */
import type { HandClock } from '../../src/testing/hand-clock.ts'
import type { TestServer } from './server.ts'

/** Far more than a server may take to close. */
const STEPS = 200

export async function closeInTime(server: TestServer, clock: HandClock): Promise<void> {
  let isClosed = false
  const closing = server.close().finally(() => {
    isClosed = true
  })
  closing.catch(() => {})
  for (let step = 0; step < STEPS && !isClosed; step += 1) await clock.advance(500)
  await closing
}
