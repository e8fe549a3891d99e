/**
 * Readers that do not keep up, in a room of a thousand that is spoken in all the time (catalogue: LB1 to LB3). The server
 * has a process and a core of its own; others' delay is compared within one run, before and during.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { Stream } from '../proxies/http.ts'
import { AttackedServer, type Honest } from '../support/attacked.ts'
import { frame, Op } from '../support/bare-frames.ts'
import { BarePeer } from '../support/bare-peer.ts'
import { bound, tell } from '../support/figures.ts'
import { CORRIDOR, Process } from '../support/process.ts'
import { amount } from '../support/scale.ts'

const READERS = amount(200, 1000)
const LIMITS = { perAddress: 20_000, rate: { perSecond: 100_000, burst: 100_000 } }
const WINDOW_MS = amount(200, 2000)
const ROUNDS = amount(1, 2)
/** How many windows before, in which nothing happens. */
const QUIET = amount(1, 3)
/** What a p99 of a window changes by itself on a machine that does other things too. */
const NOISE_MS = 2
const SLOW = 'corridor_slow_peers_total{room="/relay"}'

let server: AttackedServer
let honest: Honest | undefined
let stopped: Process | undefined
let crowd: BarePeer[] = []

afterEach(async () => {
  for (const peer of crowd) peer.destroy()
  crowd = []
  await stopped?.stop()
  await honest?.leave()
  await server.stop()
})

async function busyRoom(bytes: number): Promise<Honest> {
  server = await AttackedServer.start({ '/relay': { module: 'relay.ts', options: { echo: true }, limits: LIMITS } })
  while (crowd.length < READERS) {
    const some = Array.from({ length: 50 }, () => BarePeer.open(`${server.ws}/relay`, { isDeaf: true }))
    crowd.push(...(await Promise.all(some)))
  }
  honest = await server.honest('/relay', 'speaks', bytes)
  await pause(WINDOW_MS)
  return honest
}

/** The p99 of each window of some seconds, until it is enough. */
async function windows(of: Honest, isEnough: (count: number) => boolean | Promise<boolean>): Promise<number[]> {
  const p99s: number[] = []
  await of.times()
  while (!(await isEnough(p99s.length))) {
    await pause(WINDOW_MS)
    p99s.push((await of.times()).p99Ms)
  }
  return p99s
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

it('one of many readers that is stopped is closed with 1013, and the others notice nothing', async () => {
  const reader = await busyRoom(8192)
  const quiet: number[] = []
  const busy: number[] = []
  const seconds: number[] = []
  let grown = 0
  // In turns, so that what the machine does meanwhile meets both alike.
  for (let round = 1; round <= ROUNDS; round += 1) {
    quiet.push(...(await windows(reader, (count) => count >= QUIET)))
    const [node, flag] = CORRIDOR
    const script = fileURLToPath(new URL('../support/crowd.ts', import.meta.url))
    stopped = new Process(node, [flag, script, `${server.ws}/relay`, '1'], '.', {})
    await stopped.text(/open/)
    const begin = performance.now()
    stopped.kill('SIGSTOP')
    const isOver = async () => (await server.metric(SLOW)) >= round
    grown = Math.max(
      grown,
      await server.growthMib(async () => {
        busy.push(...(await windows(reader, isOver)))
      }),
    )
    seconds.push((performance.now() - begin) / 1000)
    await stopped.stop()
  }
  const closed = await server.metric('corridor_closes_total{code="1013"}')
  const [before, during] = [median(quiet), median(busy)]
  tell('LB1', 'closed with 1013', `${closed} of ${ROUNDS}`)
  tell('LB1', 'seconds until it was closed, at most', Math.max(...seconds))
  bound('LB1', 'RSS growth meanwhile, MiB', grown, 16)
  tell(
    'LB1',
    "others' p99, ms, median of windows of 2 s, before and during",
    `${before.toFixed(2)} → ${during.toFixed(2)}`,
  )
  bound('LB1', "others' p99 meanwhile, over 1.05 of that before, ms", during - before * 1.05, NOISE_MS)
  tell('LB1', "change of others' p99, %", (during / before - 1) * 100)
  expect(closed).toBe(ROUNDS)
})

it('a reader that takes a byte a second, and says that it lives, is closed all the same', async () => {
  await busyRoom(8192)
  const trickler = await BarePeer.open(`${server.ws}/relay`, { isDeaf: true })
  crowd.push(trickler)
  trickler.socket.pause()
  const begin = performance.now()
  const trickle = setInterval(() => {
    trickler.socket.read(1)
    trickler.socket.write(frame(Op.pong))
  }, 1000)
  await expect.poll(() => server.metric(SLOW), { interval: 100 }).toBe(1)
  clearInterval(trickle)
  tell('LB2', 'seconds until it was closed', (performance.now() - begin) / 1000)
})

it('an event stream read at 10 kB/s of 1 MB/s is ended, and comes back without a hole', async () => {
  server = await AttackedServer.start({
    '/chat': { module: 'chat.ts', limits: LIMITS, history: { keep: 100_000, replay: 0 } },
  })
  const url = `${server.http}/chat`
  const stream = await Stream.open(`${url}?offset=-1&live=sse`)
  const { socket } = stream.response
  stream.response.pause()
  let isGone = false
  socket.once('close', () => {
    isGone = true
  })
  const sip = setInterval(() => {
    stream.response.resume()
    setImmediate(() => stream.response.pause())
  }, 6000)
  const speaker = await BarePeer.open(`${server.ws}/chat`, { isDeaf: true })
  crowd.push(speaker)
  const text = 'x'.repeat(3900)
  const begin = performance.now()
  let said = 0
  const slow = () => server.metric('corridor_slow_peers_total{room="/chat"}')
  const grown = await server.growthMib(async () => {
    while (!isGone && (await slow()) === 0) {
      for (let more = 0; more < 25; more += 1, said += 1) speaker.socket.write(frame(Op.text, text))
      await pause(amount(1, 100))
    }
  })
  const tookMs = performance.now() - begin
  clearInterval(sip)
  stream.response.resume()
  await expect.poll(() => stream.hasEnded).toBe(true)
  const ids = [...stream.text.matchAll(/"seq":(\d+)/g)].map(([, seq]) => Number(seq))
  const last = /^id: ?(\S+)$/gm
  const id = [...stream.text.matchAll(last)].at(-1)?.[1] ?? ''
  const seen = Number(id.split('_').at(-1) ?? 0)
  const back = await Stream.open(`${url}?offset=-1&live=sse`, { headers: { 'Last-Event-ID': id } })
  await back.until(`"seq":${said}`)
  const after = [...back.text.matchAll(/"seq":(\d+)/g)].map(([, seq]) => Number(seq))
  back.close()
  const missed = after.filter((seq, index) => seq !== seen + 1 + index).length
  tell('LB3', 'seconds until it was ended', tookMs / 1000)
  tell('LB3', 'RSS growth, MiB, the log in memory among it', grown)
  tell('LB3', `events missed or doubled after it came back, of ${said}`, missed)
  expect(ids.length).toBeLessThan(said)
  expect(missed).toBe(0)
})
