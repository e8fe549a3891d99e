/** A room that the operator restarts and that does not close in time: another never opens in its place before it has. */
import { afterEach, expect, it } from 'vitest'
import type { Log } from '../../src/log/log.ts'
import { MemoryLog } from '../../src/log/memory.ts'
import { systemRandom } from '../../src/random.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { closeInTime, passUntil } from '../support/close-in-time.ts'
import notes from '../support/notes.ts'
import { ADMIN_TOKEN, operatorOf } from '../support/operator.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { wrappedLog } from '../support/wrapped-log.ts'

let server: TestServer
const clock = handClock()
afterEach(() => closeInTime(server, clock))

const inTime = <T>(promise: Promise<T>) => passUntil(clock, promise, 1000)

/** A log whose rooms close only when they may. Notes what is opened and closed. */
function slowToClose(calls: string[], mayClose: Promise<void>): Log {
  const log = new MemoryLog(clock, systemRandom())
  return wrappedLog(log, {
    async open(path, retention) {
      calls.push('open')
      const roomLog = await log.open(path, retention)
      const close = async () => {
        await mayClose
        calls.push('closed')
        await roomLog.close()
      }
      return new Proxy(roomLog, {
        get(of, name) {
          const part = name === 'close' ? close : Reflect.get(of, name)
          return typeof part === 'function' ? part.bind(of) : part
        },
      })
    },
  })
}

it('is opened anew only when its log is closed', async () => {
  const mayClose = Promise.withResolvers<void>()
  const calls: string[] = []
  const log = slowToClose(calls, mayClose.promise)
  server = await startServer({ rooms: { '/notes': { definition: notes } }, env: { ADMIN_TOKEN }, clock, log })
  const { act } = operatorOf(() => server)
  await server.connect('/notes')
  expect((await inTime(act('restart', { room: '/notes' })))[0]).toBe(503)
  const tried = inTime(server.connect('/notes').catch((error: Error) => error.message))
  expect(await tried).toMatch('503')
  expect(calls).toEqual(['open'])
  mayClose.resolve()
  await server.connect('/notes')
  expect(calls).toEqual(['open', 'closed', 'open'])
})
