/**
 * What is measured: each scenario is a job for the load generator, the servers that take part, the figures read from
 * its result, and what Corridor has to reach. `bench.ts` runs them, `report.ts` writes them down.
 */
import type { Job, Result } from './load/job.ts'

export interface Measure {
  readonly title: string
  readonly unit: string
  readonly better: 'less' | 'more'
  read(result: Result): number | undefined
}

/** `of`'s figure must be at most (less is better) or at least (more is better) `limit`, times `against`'s where named. */
export interface Target {
  readonly measure: Measure
  readonly of: string
  readonly against?: string
  readonly limit: number
}

export interface Scenario {
  readonly name: string
  readonly title: string
  readonly job: Omit<Job, 'port' | 'pid' | 'dialect'>
  /** The first is the one the others are compared with. */
  readonly servers: readonly string[]
  readonly measures: readonly Measure[]
  readonly targets: readonly Target[]
  /** Whether a quick pass has it. */
  readonly isQuick: boolean
}

const us = (title: string, read: Measure['read']): Measure => ({ title, unit: 'us', better: 'less', read })
const ms = (title: string, read: Measure['read']): Measure => ({ title, unit: 'ms', better: 'less', read })
const perSecond = (title: string, read: Measure['read']): Measure => ({ title, unit: '/s', better: 'more', read })

const cpu = us('server CPU per delivery', ({ step }) => step?.serverUs)
const loadCpu = us('load CPU per delivery', ({ step }) => step?.loadUs)
const p50 = ms('p50', ({ step }) => step?.p50Ms)
const p99 = ms('p99', ({ step }) => step?.p99Ms)
const wire: Measure = {
  title: 'bytes per delivery',
  unit: 'B',
  better: 'less',
  read: ({ step }) => step?.bytesPerDelivery,
}
const highest = perSecond('highest sustained rate', ({ step }) => step?.offeredPerSecond ?? 0)
const echoes = perSecond('echoes', ({ step }) => step?.deliveredPerSecond)
const firstHandshakes = perSecond('first burst', ({ storms }) => storms?.first.perSecond)
const handshakes = perSecond('later bursts', ({ storms }) => storms?.later.perSecond)
const handshakeCpu = us('server CPU per later handshake', ({ storms }) => storms?.later.serverUs)
const idle: Measure = {
  title: 'memory per idle peer',
  unit: 'B',
  better: 'less',
  read: (result) => result.idleBytesPerPeer,
}
const resumes = perSecond('peers reconnected and caught up', ({ resume }) => resume?.perSecond)
const resumeP99 = ms('p99 of one', ({ resume }) => resume?.p99Ms)
const openRate: Measure = {
  title: 'rate of opening rooms, of joining one',
  unit: 'x',
  better: 'more',
  read: ({ openings }) => openings && openings.opens.perSecond / openings.joins.perSecond,
}
const joinCpu = us('server CPU per join', ({ openings }) => openings?.joins.serverUs)
const openCpu = us('server CPU per room opened', ({ openings }) => openings?.opens.serverUs)
const speakCpu = us('server CPU per room with its first message', ({ openings }) => openings?.speaks.serverUs)
const wrong: Measure = {
  title: 'peers with missed or repeated events',
  unit: '',
  better: 'less',
  read: ({ resume }) => resume?.wrong,
}

const common = {
  mode: 'steady',
  path: '/room',
  peers: 1000,
  rooms: 1,
  senders: 20,
  bytes: 100,
  rate: 40,
  seconds: 2.5,
  warmSeconds: 2,
  isDeflated: false,
  hasAcks: false,
  limitMs: 100,
  closeEnough: 1.1,
} as const
const everyone = ['corridor', 'ws', 'socketio', 'fastify', 'bun']
const everyoneAndKept = [...everyone, 'corridor-sqlite']
const gateway = 'corridor-socketio'
const withStrings = [...everyoneAndKept, 'ws-text', gateway]
const compressed = ['corridor-deflate', 'ws-deflate', 'socketio-deflate', 'bun-deflate']

/** Targets against the ws loop, Socket.IO and Bun, where there is one. */
function against(measure: Measure, limits: readonly (number | undefined)[], suffix = ''): Target[] {
  return ['ws', 'socketio', 'bun'].flatMap((name, i) => {
    const limit = limits[i]
    return limit === undefined ? [] : [{ measure, of: `corridor${suffix}`, against: name + suffix, limit }]
  })
}

/** Corridor beside the Socket.IO server, both with Socket.IO clients. */
function beside(measure: Measure): Target {
  return { measure, of: gateway, against: 'socketio', limit: 1.2 }
}

function searchOf(name: string, title: string, job: Partial<Job>, limits: number[], isQuick = false): Scenario {
  const servers = name === 'max-1000' ? everyoneAndKept : everyone
  return {
    name,
    title: `Highest rate: ${title}`,
    job: { ...common, mode: 'search', seconds: 1, ...job },
    servers,
    measures: [highest, p99, loadCpu],
    targets: against(highest, limits),
    isQuick,
  }
}

function compressedOf(peers: number, rate: number): Scenario {
  return {
    name: `deflate-${peers}`,
    title: `Compressed chat of 300 bytes: ${peers} peers, ${rate} messages/s`,
    job: { ...common, isDeflated: true, bytes: 300, peers, rate },
    servers: compressed,
    measures: [cpu, wire, p99, loadCpu],
    targets: against(cpu, [0.15, 0.12, 0.45], '-deflate'),
    isQuick: true,
  }
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'cpu-1000',
    title: 'CPU: 1,000 peers, 40 messages/s',
    job: common,
    servers: withStrings,
    measures: [cpu, p50, p99, loadCpu],
    targets: [...against(cpu, [0.85, 0.6, 1.3]), beside(cpu)],
    isQuick: true,
  },
  {
    name: 'cpu-100',
    title: 'CPU: 100 peers, 800 messages/s',
    job: { ...common, peers: 100, rate: 800 },
    servers: withStrings,
    measures: [cpu, p50, p99, loadCpu],
    targets: [...against(cpu, [0.4, 0.3, 0.8]), { measure: p99, of: 'corridor', limit: 12 }, beside(cpu)],
    isQuick: true,
  },
  searchOf('max-100', '100 peers', { peers: 100, rate: 300 }, []),
  searchOf('max-1000', '1,000 peers', { rate: 30 }, [80, 100, 2], true),
  searchOf('max-5000', '5,000 peers', { peers: 5000, rate: 6 }, [50, 80, 2]),
  searchOf(
    'max-rooms',
    '100 rooms of 50 peers',
    { peers: 5000, rooms: 100, senders: 100, path: '/r/%r', rate: 600 },
    [10, 15, 0.8],
  ),
  compressedOf(100, 100),
  compressedOf(1000, 10),
  {
    name: 'latency',
    title: 'Latency: 1,000 peers, 20 messages/s',
    job: { ...common, rate: 20 },
    servers: everyone,
    measures: [p50, p99, cpu, loadCpu],
    targets: [...against(p50, [1, 0.7]), ...against(p99, [1, 0.7])],
    isQuick: true,
  },
  {
    name: 'echo',
    title: 'Echo: 100 connections, each one message in flight',
    job: { ...common, mode: 'echo', path: '/echo', peers: 100, senders: 100 },
    servers: everyone,
    measures: [echoes, p99, cpu, loadCpu],
    targets: against(echoes, [1.2, 2.5]),
    isQuick: true,
  },
  {
    name: 'connections',
    title: 'Connections: bursts of 10,000 handshakes, and idle peers',
    job: { ...common, mode: 'connect', peers: 10_000, seconds: 3 },
    servers: [...everyone, gateway],
    measures: [firstHandshakes, handshakes, handshakeCpu, idle],
    targets: [...against(idle, [1.05, 0.4]), ...against(handshakes, [0.9, 2]), beside(idle)],
    isQuick: true,
  },
  {
    name: 'open-rooms',
    title: 'Opening rooms: 5,000 peers each open one, and each send one message in another',
    job: { ...common, mode: 'open', peers: 5000, rooms: 5000 },
    servers: ['corridor', 'corridor-sqlite', 'socketio'],
    measures: [openRate, joinCpu, openCpu, speakCpu],
    targets: [
      { measure: openRate, of: 'corridor', limit: 0.8 },
      { measure: openRate, of: 'corridor-sqlite', limit: 0.8 },
      { measure: speakCpu, of: 'corridor', against: 'socketio', limit: 1.2 },
      { measure: speakCpu, of: 'corridor-sqlite', against: 'socketio', limit: 1.2 },
    ],
    isQuick: true,
  },
  {
    name: 'resume',
    title: 'Resume: 5,000 peers reconnect, each after missing 50 events',
    job: { ...common, mode: 'resume', peers: 5000 },
    servers: ['corridor', 'corridor-sqlite'],
    measures: [resumes, resumeP99, wrong],
    targets: [{ measure: wrong, of: 'corridor', limit: 0 }],
    isQuick: true,
  },
  {
    name: 'ack',
    title: 'Publish with ack: 100 senders in one room, 5,000 messages/s',
    job: { ...common, hasAcks: true, peers: 100, senders: 100, rate: 5000 },
    servers: ['corridor', 'corridor-sqlite'],
    measures: [p50, p99, cpu],
    targets: [],
    isQuick: true,
  },
  {
    name: 'ack-max',
    title: 'Publish with ack: highest rate with p99 under 50 ms, 100 senders in one room',
    job: { ...common, mode: 'search', seconds: 1, hasAcks: true, peers: 100, senders: 100, rate: 4000, limitMs: 50 },
    servers: ['corridor', 'corridor-sqlite'],
    measures: [highest, p50, p99],
    targets: [{ measure: highest, of: 'corridor-sqlite', limit: 20_000 }],
    isQuick: true,
  },
]

/** The same scenario, shorter and smaller. */
export function quickened(scenario: Scenario): Scenario {
  const { job } = scenario
  const isStorm = job.mode === 'connect' || job.mode === 'resume' || job.mode === 'open'
  const peers = isStorm ? Math.round(job.peers / 5) : job.peers
  const seconds = job.mode === 'search' ? 0.6 : 1
  const title = scenario.title.replace(job.peers.toLocaleString('en'), peers.toLocaleString('en'))
  return { ...scenario, title, job: { ...job, peers, seconds, warmSeconds: 0.5, closeEnough: 1.5 } }
}
