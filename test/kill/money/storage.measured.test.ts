/** What storage and alarms cost (catalogue: RM5, RM6): acks a second, memory, opening, and acks while alarms are due. */
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { bound, tell } from '../../support/figures.ts'
import { RawPeer } from '../raw-peer.ts'
import { Victim } from '../victim.ts'

const SENDERS = 50
const WINDOW = 4
const ROUNDS = 7
const ROUND_MS = 1500
const FULL_ROOMS = 40
const ALARM_ROOMS = 10
const ALARMS = 100

let victim: Victim

beforeEach(async () => {
  victim = await Victim.make(undefined, 'money/speed-room.ts')
  await victim.start()
})
afterEach(() => victim.remove())

const port = () => Number(new URL(victim.url).port)
const middle = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** A peer that waits for the next frame of a type. Resolves when it is welcome. */
async function join(path: string) {
  const waiting = new Map<string, (frame: { data: { count: number; bytes: number } }) => void>()
  const next = (type: string) =>
    new Promise<{ data: { count: number; bytes: number } }>((resolve) => waiting.set(type, resolve))
  const welcome = next('welcome')
  const peer = new RawPeer(port(), path, (text) => {
    const frame = JSON.parse(text)
    waiting.get(frame.type)?.(frame)
  })
  await welcome
  const ask = async (type: string, data: unknown, answer = 'ack') => {
    const answered = next(answer)
    peer.send(JSON.stringify({ type, data, id: `${process.hrtime.bigint()}` }))
    return answered
  }
  return { ask, end: () => peer.end() }
}

it('acks a second with a small change of the storage in each message, and without', async () => {
  let type = 'say'
  let acked = 0
  let isOver = false
  const peers = Array.from({ length: SENDERS }, (_, i) => {
    let said = 0
    const say = () => {
      said += 1
      peer.send(`{"type":"${type}","data":${said},"id":"${process.hrtime.bigint()}"}`)
    }
    const peer: RawPeer = new RawPeer(port(), `/r/${i}`, (text) => {
      if (text.startsWith('{"type":"welcome"')) for (let n = 0; n < WINDOW; n += 1) say()
      if (!text.startsWith('{"type":"ack"') || isOver) return
      acked += 1
      say()
    })
    return peer
  })
  await wait(2000)
  const rates: Record<string, number[]> = { say: [], put: [] }
  for (let round = 0; round < 2 * ROUNDS; round += 1) {
    type = round % 2 === 0 ? 'say' : 'put'
    // What was said before is answered first.
    await wait(200)
    acked = 0
    const startMs = performance.now()
    await wait(ROUND_MS)
    rates[type]?.push((acked * 1000) / (performance.now() - startMs))
  }
  isOver = true
  for (const peer of peers) peer.end()
  const [plain, storing] = [middle(rates.say ?? []), middle(rates.put ?? [])]
  tell('RM6', 'acks/s of messages that publish', plain)
  tell('RM6', 'acks/s of messages that publish and change the storage', storing)
  process.stdout.write(`${Math.round(plain)} acks/s, ${Math.round(storing)} with a change of the storage\n`)
  bound('RM6', '% fewer acks/s with a change of the storage', 100 * (1 - storing / plain), 15)
})

it('memory and opening of rooms with 1 MiB of storage', async () => {
  const residentMib = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${victim.pid}/status`, 'utf8'))?.[1]) / 1024
  for (let n = 0; n < FULL_ROOMS; n += 1) {
    const peer = await join(`/r/full${n}`)
    await peer.ask('fill', 1)
    expect((await peer.ask('ask', 1, 'rung')).data.bytes).toBeGreaterThan(1_000_000)
    peer.end()
  }
  const opening = async (name: string) => {
    const took: number[] = []
    for (let n = 0; n < FULL_ROOMS; n += 1) {
      const startMs = performance.now()
      const peer = await join(`/r/${name}${n}`)
      took.push(performance.now() - startMs)
      peer.end()
    }
    return middle(took)
  }
  await victim.end()
  await victim.start()
  await opening('warm')
  const emptyMs = await opening('empty')
  const before = residentMib()
  const fullMs = await opening('full')
  const each = (residentMib() - before) / FULL_ROOMS
  tell('RM6', 'ms to open an empty room', emptyMs)
  process.stdout.write(
    `opening: ${emptyMs.toFixed(1)} ms empty, ${fullMs.toFixed(1)} ms full; ${each.toFixed(2)} MiB each\n`,
  )
  bound('RM6', 'ms to open a room with 1 MiB of storage', fullMs, 100)
  bound('RM6', 'MiB of memory of a room with 1 MiB of storage', each, 8)
})

it('a thousand alarms due at one moment', async () => {
  const peers = await Promise.all(Array.from({ length: ALARM_ROOMS }, (_, n) => join(`/r/${n}`)))
  const talk = await join('/room')
  const at = Date.now() + 1500
  await Promise.all(peers.map((peer) => peer.ask('alarms', { at, count: ALARMS })))
  const took: number[] = []
  let rung = 0
  let overMs = 0
  await wait(Math.max(0, at - Date.now() - 100))
  while (rung < ALARM_ROOMS * ALARMS) {
    const startMs = performance.now()
    await Promise.all([talk, peers[0]].map((peer) => peer?.ask('say', 1)))
    took.push(performance.now() - startMs)
    const counts = await Promise.all(peers.map((peer) => peer.ask('ask', 1, 'rung')))
    rung = counts.reduce((sum, { data }) => sum + data.count, 0)
    overMs = Date.now() - at
  }
  expect(rung).toBe(ALARM_ROOMS * ALARMS)
  await wait(500)
  const counts = await Promise.all(peers.map((peer) => peer.ask('ask', 1, 'rung')))
  tell('RM5', 'alarms called more than once', counts.filter(({ data }) => data.count !== ALARMS).length)
  for (const { data } of counts) expect(data.count).toBe(ALARMS)
  for (const peer of [talk, ...peers]) peer.end()
  tell('RM5', 'ms until the last of them was kept', overMs)
  process.stdout.write(
    `all kept after ${overMs} ms; acks meanwhile: ${took.length}, longest ${Math.max(...took).toFixed(1)} ms\n`,
  )
  bound('RM5', 'longest wait for an ack meanwhile, in ms', Math.max(...took), 100)
})
