/**
 * Measures how fast a server keeps messages, on disk and in memory: messages a second of 100 senders, each in a room
 * of its own, so that it is the log that is measured and not the fan-out; and how long one message waits for its ack.
 *
 *     node test/kill/throughput.ts [seconds]
 */
import { RawPeer } from './raw-peer.ts'
import { Victim } from './victim.ts'

const SECONDS = Number(process.argv[2] ?? 5)

interface Load {
  readonly name: string
  readonly senders: number
  /** Messages each has on their way. */
  readonly window: number
  /** How long each waits after an ack. */
  readonly pauseMs?: number
}

const LOADS: Load[] = [
  { name: '1 sender, now and then', senders: 1, window: 1, pauseMs: 25 },
  { name: '1 sender, one at a time', senders: 1, window: 1 },
  { name: '100 senders, one at a time', senders: 100, window: 1 },
  { name: '100 senders, 16 at a time', senders: 100, window: 16 },
]

async function measure(port: number, { name, senders, window, pauseMs }: Load): Promise<string> {
  const took: number[] = []
  let isOver = false
  const peers = Array.from({ length: senders }, (_, i) => {
    let said = 0
    const sent = new Map<string, number>()
    const say = () => {
      said += 1
      const id = `${process.hrtime.bigint()}`
      sent.set(id, performance.now())
      peer.send(`{"type":"message","data":{"text":"message ${said} of ${i}"},"id":"${id}"}`)
    }
    const peer: RawPeer = new RawPeer(port, `/r/${i}?client=${name.replaceAll(/\W/g, '')}${i}`, (text) => {
      if (text.startsWith('{"type":"welcome"')) for (let n = 0; n < window; n += 1) say()
      if (!text.startsWith('{"type":"ack"')) return
      const { id } = JSON.parse(text) as { id: string }
      took.push(performance.now() - (sent.get(id) ?? 0))
      sent.delete(id)
      if (isOver) return
      if (pauseMs) setTimeout(say, pauseMs)
      else say()
    })
    return peer
  })
  await new Promise((resolve) => setTimeout(resolve, 1000))
  took.length = 0
  const startMs = performance.now()
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000))
  const perSecond = (took.length * 1000) / (performance.now() - startMs)
  isOver = true
  const sorted = Float64Array.from(took).sort()
  for (const peer of peers) peer.end()
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(2)
  return `${name.padEnd(28)} ${String(Math.round(perSecond)).padStart(7)}/s   p50 ${at(0.5)} ms   p99 ${at(0.99)} ms`
}

for (const dataDir of ['data', ':memory:']) {
  const victim = await Victim.make()
  await victim.start([], { DATA_DIR: dataDir })
  process.stdout.write(`${dataDir === 'data' ? 'on disk' : 'in memory'}\n`)
  for (const load of LOADS) process.stdout.write(`  ${await measure(Number(new URL(victim.url).port), load)}\n`)
  await victim.remove()
}
