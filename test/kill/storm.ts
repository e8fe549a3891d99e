/**
 * Measures what it costs when everyone comes back at once: a server is killed and started again, and its clients resume,
 * each from where it was, while a publisher goes on. Says how long it took, what memory the server had, and whether
 * everyone has everything.
 *
 *     node test/kill/storm.ts [clients] [events missed] [events a second meanwhile]
 */
import { readFileSync } from 'node:fs'
import { RawPeer } from './raw-peer.ts'
import { Victim } from './victim.ts'

const [CLIENTS = 10_000, MISSED = 200, PER_SECOND = 5] = process.argv.slice(2).map(Number)

const victim = await Victim.make()
await victim.start()
const port = Number(new URL(victim.url).port)
const memory = (what: string) => {
  const kilobytes = new RegExp(`${what}:\\s+(\\d+)`).exec(readFileSync(`/proc/${victim.pid}/status`, 'utf8'))?.[1]
  return `${Math.round(Number(kilobytes) / 1024)} MiB`
}

let epoch = ''
let acked = 0
let wake = () => {}
const hear = (text: string) => {
  const { type, seq, data } = JSON.parse(text)
  if (type === 'welcome') epoch = data.epoch
  if (type === 'ack') acked = seq
  wake()
}
const until = async (isSo: () => boolean) => {
  while (!isSo()) {
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
}
let said = 0
const say = (peer: RawPeer) => {
  said += 1
  peer.send(`{"type":"message","data":{"text":"message ${said}"},"id":"${said}"}`)
}
const first = new RawPeer(port, '/room?client=publisher', hear)
await until(() => epoch !== '')
for (let i = 0; i < MISSED; i += 1) say(first)
await until(() => acked === MISSED)
await victim.kill()
await victim.start()

const publisher = new RawPeer(port, '/room?client=publisher', hear)
const old = epoch
await until(() => epoch !== old)
process.stdout.write(`${MISSED} events missed; server at rest ${memory('VmRSS')}\n`)

const seen = new Int32Array(CLIENTS)
let resumed = 0
let refused = 0
let gaps = 0
let done = 0
const startMs = performance.now()
const peers: RawPeer[] = []
const publishing = setInterval(() => say(publisher), 1000 / PER_SECOND)
for (let i = 0; i < CLIENTS; i += 1) {
  const path = `/room?client=c${i}&offset=${old}_${'0'.padStart(16, '0')}`
  peers.push(
    new RawPeer(port, path, (text) => {
      if (text.startsWith('{"type":"welcome"')) {
        if (text.includes('"resumed":true')) resumed += 1
        else refused += 1
        return
      }
      const seq = Number(/^\{"type":"message","seq":(\d+)/.exec(text)?.[1] ?? 0)
      if (seq === 0) return
      if (seq !== (seen[i] ?? 0) + 1) gaps += 1
      seen[i] = seq
      if (seq === MISSED) done += 1
      if (done === CLIENTS) wake()
    }),
  )
}
await until(() => done === CLIENTS)
const tookMs = performance.now() - startMs
process.stdout.write(`${resumed} resumed, ${refused} refused, ${gaps} gaps or doubles\n`)
process.stdout.write(
  `all have what they missed after ${Math.round(tookMs)} ms (${Math.round((CLIENTS * 1000) / tookMs)} resumes/s)\n`,
)
process.stdout.write(`server ${memory('VmRSS')}, at most ${memory('VmHWM')}\n`)
clearInterval(publishing)
await until(() => acked === said)
const isThere = () => seen.every((seq) => seq === acked)
for (const startMs = performance.now(); !isThere() && performance.now() - startMs < 20_000; )
  await new Promise((resolve) => setTimeout(resolve, 50))
process.stdout.write(
  `${acked - MISSED} events published meanwhile; ${seen.filter((seq) => seq === acked).length} of ${CLIENTS} have them all\n`,
)
for (const peer of peers) peer.end()
await victim.remove()
process.exit()
