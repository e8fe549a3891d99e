/** The server that is fuzzed, with limits that let a flood of odd frames in; and its memory, once garbage is gone. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { startServer, type TestServer } from '../support/server.ts'

const RATE = { perSecond: 1e6, burst: 1e6 }
const MIB = 1024 * 1024

export function startFuzzed(): Promise<TestServer> {
  return startServer({
    server: { limits: { handshakes: RATE } },
    defaults: { limits: { rate: RATE, perAddress: 10_000, buffered: '16MiB' }, history: { keep: 100, replay: 0 } },
    rooms: {
      '/chat': { module: 'chat' },
      '/r/:name': { module: 'chat' },
      '/echo': { module: 'echo' },
      '/squeezed': { module: 'echo', compression: true },
    },
    env: { LOG_LEVEL: 'error' },
  })
}

/** The heap in use after garbage was collected, in MiB. */
export function heapMib(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  return process.memoryUsage().heapUsed / MIB
}

/** The seed of this run: given, so that it plays again, or a new one each time. */
export function seedOf(env: NodeJS.ProcessEnv): number {
  return Number(env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31))
}
