/** Peers of a process that is stopped, and how soon they are noticed (catalogue: LB5). */
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { AttackedServer } from '../support/attacked.ts'
import { bound, tell } from '../support/figures.ts'
import { CORRIDOR, Process } from '../support/process.ts'

const SILENT = 200
const LIMITS = { perAddress: 20_000, rate: { perSecond: 100_000, burst: 100_000 } }

let server: AttackedServer
let stopped: Process | undefined

afterEach(async () => {
  await stopped?.stop()
  await server.stop()
})

it(`${SILENT} peers of a process that is stopped are noticed within the heartbeat and ten seconds`, async () => {
  server = await AttackedServer.start({ '/echo': { module: 'echo.ts', limits: { ...LIMITS, heartbeat: '5s' } } })
  const [node, flag] = CORRIDOR
  const script = fileURLToPath(new URL('../support/crowd.ts', import.meta.url))
  stopped = new Process(node, [flag, script, `${server.ws}/echo`, String(SILENT)], '.', {})
  await stopped.text(/open/)
  stopped.kill('SIGSTOP')
  const begin = performance.now()
  const goneAfter: number[] = []
  while (goneAfter.length < SILENT && performance.now() - begin < 30_000) {
    await pause(50)
    const gone = SILENT - (await server.metric('corridor_peers{room="/echo"}')) - goneAfter.length
    for (let more = 0; more < gone; more += 1) goneAfter.push((performance.now() - begin) / 1000)
  }
  tell(
    'LB5',
    `p50 of seconds until ${SILENT} stopped peers were noticed, heartbeat 5 s`,
    goneAfter[SILENT / 2] ?? 'never',
  )
  tell('LB5', 'p99 of the same', goneAfter[Math.floor(SILENT * 0.99)] ?? 'never')
  expect(goneAfter.length).toBe(SILENT)
  bound('LB5', 'the longest of the same', goneAfter.at(-1), 5 + 10 + 3)
})
