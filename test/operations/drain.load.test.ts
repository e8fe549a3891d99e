/**
 * The end of a full server: every client is closed with a time to come back, a tenth does not react, and the
 * process ends with 0 in time (catalogue: DP1). `FULL=1`: 10,000 WebSockets and 1,000 event streams.
 */
import { afterEach, expect, it } from 'vitest'
import { RawPeer } from '../kill/raw-peer.ts'
import { Victim } from '../kill/victim.ts'
import { ask, type Said, Stream } from '../proxies/http.ts'
import { bound, tell } from '../support/figures.ts'
import { amount } from '../support/scale.ts'

const SOCKETS = amount(400, 2000, 10_000)
const STREAMS = amount(40, 200, 1000)
const DRAIN_MS = 10_000
/** The reconnect delay that a closed client gets is below this. */
const RETURN_MS = 5000
/** How many connect at once. */
const BATCH = 200

let victim: Victim
const peers: RawPeer[] = []
const streams: Stream[] = []

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.end()
  for (const stream of streams.splice(0)) stream.close()
  await victim.remove()
})

it(`${SOCKETS} WebSockets and ${STREAMS} event streams are closed, and the server ends in time`, async () => {
  victim = await Victim.make()
  await victim.start([], { DRAIN_MS: String(DRAIN_MS) })
  await fill()
  expect((await readiness()).status).toBe(200)

  const beganMs = performance.now()
  const comesBackMs: number[] = []
  for (const peer of peers.filter((_, index) => !isDeaf(index)))
    void peer.closed.then(() => comesBackMs.push(performance.now() - beganMs + hintOf(peer.closeFrame?.reason)))
  victim.signal('SIGTERM')
  const heard = await readinessUntilGone()
  const exit = await victim.ended()
  const tookMs = performance.now() - beganMs

  expect(exit).toEqual({ code: 0, signal: null })
  // The load balancer hears it, from the first moment to the last, and keeps no connection.
  expect(new Set(heard.map(({ status }) => status))).toEqual(new Set([503]))
  expect(heard.length).toBeGreaterThan(0)
  expect(heard.every(({ headers }) => headers.connection === 'close')).toBe(true)

  await Promise.all(peers.map(({ closed }) => closed))
  const honest = peers.filter((_, index) => !isDeaf(index))
  const lost = honest.filter(({ closeFrame }) => closeFrame === undefined).length
  expect(lost).toBe(0)
  expect(peers.filter(({ closeFrame }) => closeFrame?.code !== 1012)).toEqual([])
  await expect.poll(() => streams.filter(({ hasEnded }) => !hasEnded).length).toBe(0)
  const closeFrame = /retry: (\d+)\nevent: close\ndata:\{"code":1012,"reason":"[^"]* in \1 ms"\}\n\n$/
  const rude = streams.filter(({ text }) => !closeFrame.test(text))
  expect(rude.map(({ text }) => text.slice(-200))).toEqual([])

  const hints = [
    ...peers.map((peer) => hintOf(peer.closeFrame?.reason)),
    ...streams.map(({ text }) => Number(closeFrame.exec(text)?.[1])),
  ]
  expect(hints.filter((hint) => !(hint >= 0 && hint <= RETURN_MS))).toEqual([])
  const distance = distanceFromUniform(hints, RETURN_MS)
  const peak = busiestSecond(comesBackMs) / ((comesBackMs.length * 1000) / RETURN_MS)

  bound('DP1', `s to exit with ${SOCKETS} WebSockets and ${STREAMS} event streams`, tookMs / 1000, DRAIN_MS / 1000)
  tell('DP1', `1006 among ${honest.length} who answer a close`, lost)
  tell('DP1', `event streams of ${STREAMS} without retry and end`, rude.length)
  bound('DP1', 'peak return rate over the uniform rate', peak, 1.3)
  // Chance alone passes this once in ten thousand runs.
  const chance = Number((2.2 / Math.sqrt(hints.length)).toFixed(3))
  bound('DP1', 'Kolmogorov-Smirnov distance of the hints from uniform', distance, chance)
})

function isDeaf(index: number): boolean {
  return index % 10 === 0
}

/** Lets everyone in, and waits until all are welcome. */
async function fill(): Promise<void> {
  const port = Number(new URL(victim.url).port)
  let welcomed = 0
  const hear = (text: string) => {
    if (text.startsWith('{"type":"welcome"')) welcomed += 1
  }
  while (peers.length < SOCKETS) {
    const end = Math.min(SOCKETS, peers.length + BATCH)
    while (peers.length < end) peers.push(new RawPeer(port, '/room', hear, { isDeaf: isDeaf(peers.length) }))
    await expect.poll(() => welcomed).toBe(peers.length)
  }
  while (streams.length < STREAMS) {
    const more = Array.from({ length: Math.min(BATCH, STREAMS - streams.length) }, (_, index) => streams.length + index)
    streams.push(...(await Promise.all(more.map((id) => Stream.open(`${victim.url}room?live=sse&client=s${id}`)))))
  }
  await Promise.all(streams.map((stream) => stream.until('"type":"welcome"')))
}

function readiness(): Promise<Said> {
  return ask(`${victim.url}readyz`)
}

/** What a load balancer hears that asks again and again, from when the server drains until nobody answers. */
async function readinessUntilGone(): Promise<Said[]> {
  const heard: Said[] = []
  for (;;) {
    const said = await readiness().catch(() => undefined)
    if (!said) return heard
    // The signal may not have arrived yet.
    if (said.status !== 200 || heard.length > 0) heard.push(said)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function hintOf(reason = ''): number {
  return Number(/ in (\d+) ms$/.exec(reason)?.[1])
}

/** Kolmogorov-Smirnov: the largest distance between how the values lie and how they would lie evenly from 0 to `max`. */
function distanceFromUniform(values: readonly number[], max: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted.reduce((most, value, index) => {
    const expected = value / max
    return Math.max(most, Math.abs(expected - index / sorted.length), Math.abs(expected - (index + 1) / sorted.length))
  }, 0)
}

function busiestSecond(momentsMs: readonly number[]): number {
  const seconds = new Map<number, number>()
  for (const ms of momentsMs) seconds.set(Math.floor(ms / 1000), (seconds.get(Math.floor(ms / 1000)) ?? 0) + 1)
  return Math.max(...seconds.values())
}
