/** The benchmark's own parts: does its generator count right? Nothing here judges how fast anything is. */
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { bench } from '../../src/cli/bench.ts'
import { contestant } from '../bench/contestants.ts'
import { clientFrame, FrameReader, ReadArea } from '../bench/load/frames.ts'
import { Histogram } from '../bench/load/histogram.ts'
import type { Job } from '../bench/load/job.ts'
import { readStamp, writeStamp } from '../bench/load/stamp.ts'
import { readOptions } from '../bench/options.ts'
import { plotText } from '../bench/plot.ts'
import { reportText } from '../bench/report.ts'
import { run } from '../bench/runs.ts'
import { scenarios } from '../bench/scenarios.ts'
import { figure, judge, type Run } from '../bench/statistics.ts'

const JOB: Omit<Job, 'port' | 'pid' | 'dialect'> = {
  mode: 'steady',
  path: '/r/%r',
  peers: 40,
  rooms: 2,
  senders: 4,
  bytes: 100,
  rate: 50,
  seconds: 1,
  warmSeconds: 0.2,
  isDeflated: false,
  hasAcks: false,
  limitMs: 100,
  closeEnough: 1.5,
}
const LIMIT = { timeoutMs: 120_000 }

test.for(['corridor', 'ws'])('every message to %s reaches every peer of its room once', async (name) => {
  const { connections, step } = await run(contestant(name), JOB, LIMIT)
  expect(connections).toBe(40)
  expect(step).toMatchObject({ published: 50, delivered: 50 * 20, lost: 0, doubled: 0, refused: 0, closed: 0 })
  expect(step?.p99Ms).toBeGreaterThan(0)
  expect(step?.p50Ms).toBeLessThanOrEqual(step?.p99Ms ?? 0)
})

test('every message that asks for an ack gets one', async () => {
  const { step, kept } = await run(contestant('corridor'), { ...JOB, hasAcks: true, senders: 40 }, LIMIT)
  expect(step).toMatchObject({ published: 50, delivered: 50, lost: 0, doubled: 0 })
  expect(kept).toBe('memory')
})

test('echoes come back one for one', async () => {
  const job: typeof JOB = { ...JOB, mode: 'echo', path: '/echo', rooms: 1, peers: 5, senders: 5, seconds: 0.5 }
  const { step } = await run(contestant('corridor'), { ...job, dialect: 'plain' }, LIMIT)
  expect(step?.delivered).toBeGreaterThan(5)
  expect(step).toMatchObject({ lost: 0, doubled: 0 })
})

test('peers that resume in a storm get every event they missed, once', async () => {
  const { resume } = await run(contestant('corridor'), { ...JOB, mode: 'resume', path: '/room', rooms: 1 }, LIMIT)
  expect(resume).toMatchObject({ wrong: 0 })
})

test('a server that loses messages is found out', async () => {
  const deaf = { ...contestant('ws'), command: () => [process.execPath, '-e', LOSING] }
  const { step } = await run(deaf, { ...JOB, path: '/room', rooms: 1, peers: 2, senders: 1 }, LIMIT)
  expect(step).toMatchObject({ published: 50, delivered: 50, lost: 50, doubled: 0 })
})

/** Sends only to the sender, and nothing to the others. */
const LOSING = `const { WebSocketServer } = require('ws')
const server = new WebSocketServer({ host: '127.0.0.1', port: 0 }, () => console.log('listening ' + server.address().port))
server.on('connection', (socket) => socket.on('message', (data) => socket.send(String(data))))`

test('frames are counted wherever a read cuts them', () => {
  const payloads = ['', 'a', 'b'.repeat(125), 'c'.repeat(126), 'd'.repeat(70_000), 'e'.repeat(39)]
  const bytes = Buffer.concat(payloads.map(serverFrame))
  for (const size of [1, 2, 3, 7, 64, 1000, bytes.length]) {
    const area = new ReadArea()
    const seen: string[] = []
    const reader = new FrameReader(area, {
      frame: (bytes, opcode, at, length, have) =>
        seen.push(`${opcode} ${length} ${bytes.toString('latin1', at, at + Math.min(have, 1))}`),
    })
    for (let at = 0; at < bytes.length; at += size) reader.read(bytes.copy(area.open, 0, at, at + size))
    expect(seen, `reads of ${size}`).toEqual(payloads.map((text) => `1 ${text.length} ${text.slice(0, 1)}`))
  }
})

function serverFrame(text: string): Buffer {
  const head = Buffer.from(
    text.length < 126
      ? [0x81, text.length]
      : text.length < 65_536
        ? [0x81, 126, 0, 0]
        : [0x81, 127, ...new Uint8Array(8)],
  )
  if (head.length === 4) head.writeUInt16BE(text.length, 2)
  if (head.length === 10) head.writeBigUInt64BE(BigInt(text.length), 2)
  return Buffer.concat([head, Buffer.from(text)])
}

test('the time written into a masked frame is the time read after unmasking', () => {
  const { frame, start } = clientFrame(1, Buffer.from('text ~000000000000 more'))
  writeStamp(frame, start + 6, start, 123_456_789)
  const mask = frame.subarray(start - 4, start)
  const plain = Buffer.from(frame.subarray(start).map((byte, i) => byte ^ (mask[i & 3] as number)))
  expect(readStamp(plain, 0, plain.length)).toBe(123_456_789)
  expect(readStamp(plain, 0, 10)).toBeUndefined()
})

test('a histogram gives quantiles within its buckets', () => {
  const histogram = new Histogram()
  for (let us = 1000; us <= 100_000; us += 1000) histogram.add(us)
  expect(histogram.quantileMs(0.5)).toBeCloseTo(50, -1)
  expect(histogram.quantileMs(0.99)).toBeGreaterThan(90)
  expect(histogram.maxMs).toBe(100)
})

test('targets are judged round by round, and what was not measured is no success', () => {
  const scenario = scenarios.find(({ name }) => name === 'cpu-1000')
  if (!scenario) throw new Error('expected the scenario cpu-1000')
  const run = (server: string, round: number, serverUs: number): Run => ({
    scenario: 'cpu-1000',
    server,
    round,
    result: { step: { serverUs }, stolenShare: 0, othersShare: 0, loadShare: 0 } as unknown as NonNullable<
      Run['result']
    >,
  })
  const runs = [
    run('corridor', 0, 7),
    run('ws', 0, 10),
    run('corridor', 1, 18),
    run('ws', 1, 20),
    run('corridor', 2, 5),
  ]
  const [ws, socketio] = judge(runs, scenario)
  expect(ws).toMatchObject({ isReached: true, got: { least: 0.7, most: 0.9, count: 2 } })
  expect(ws?.got?.median).toBeCloseTo(0.8)
  expect(socketio?.isReached).toBeUndefined()
  const disturbed = runs.flatMap((run) => (run.result ? [{ ...run, result: { ...run.result, othersShare: 0.5 } }] : []))
  expect(ws?.isDisturbed).toBe(false)
  expect(judge(disturbed, scenario)[0]?.isDisturbed).toBe(true)
  expect(figure([3, 1, 2, 10])).toMatchObject({ median: 2.5, least: 1, most: 10 })
})

test('report and plot are written from whatever there is', () => {
  const steps = [1e4, 1e5, 1e6].map((rate) => ({ offeredPerSecond: rate, deliveredPerSecond: rate / 2 }))
  const result = { steps, stolenShare: 0, othersShare: 0, loadShare: 0.95, connections: 0, deflated: 0 }
  const runs = [
    { scenario: 'max-1000', server: 'corridor', round: 0, result: result as unknown as NonNullable<Run['result']> },
    { scenario: 'max-1000', server: 'bun', round: 0, failure: 'Bun | did not start' },
  ]
  const machine = {
    date: '2030-01-02',
    processor: 'a processor',
    system: 'a system',
    node: 'v1',
    corridor: '1',
    packages: ['ws 1'],
    isPinned: false,
    maxPeers: 100,
  }
  const text = reportText(runs, scenarios, machine, ['A note.'])
  expect(text).toContain('Bun \\| did not start')
  expect(text).toContain('**not** pinned')
  expect(text).toContain('load core full')
  const plotted = scenarios.find(({ name }) => name === 'max-1000')
  expect(plotted && plotText(runs, plotted)).toMatch(/^<svg [\s\S]*Corridor<\/text>[\s\S]*<\/svg>\n$/)
})

test('a wrong option is named', () => {
  expect(() => readOptions(['--only', 'nonsense'])).toThrow('got "nonsense"')
  expect(() => readOptions(['--rounds', '0'])).toThrow('--rounds')
  expect(readOptions(['--only', 'echo,ws'])).toMatchObject({ scenarios: ['echo'], servers: ['ws'], rounds: 3 })
})

test('an installed package says where the benchmark is', async () => {
  let said = ''
  const terminal = {
    stdout: { write: () => {} },
    stderr: {
      write: (text: string) => {
        said += text
      },
    },
  }
  const missing = '/nowhere/bench.ts'
  expect(existsSync(missing)).toBe(false)
  expect(await bench([], terminal, missing)).toBe(1)
  expect(said).toContain('npm run bench')
})
