/**
 * Metrics for Prometheus. Rooms count in plain numbers, in one `Tally` for each line of rooms.json, so that clients
 * cannot create time series by inventing paths. The numbers become metrics at a scrape. `/metrics` serves them.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { Close, type Refusal } from '../errors.ts'
import type { Log } from '../log/log.ts'
import { countExceeded, type Exceeded, newTally, type Tally } from '../tally.ts'

/** Current counts of one line of rooms.json, read at each scrape. */
export interface RoomCounts {
  readonly room: string
  readonly peers: number
  readonly rooms: number
  /** Of the rooms that are open. */
  readonly alarms: number
}

/** Counts of a server among others, read at each scrape. */
export interface NodeCounts {
  /** Nodes that are known to be alive, this one included. */
  readonly living: number
  /** Peers connected here whose room lives elsewhere, by the line of rooms.json. */
  edgePeers(): Iterable<readonly [room: string, peers: number]>
}

type Total = Exclude<keyof Tally, 'exceeded'>

const TALLIES: Record<Total, [name: string, help: string]> = {
  joined: ['corridor_joins_total', 'Peers that joined.'],
  received: ['corridor_messages_total', 'Messages received.'],
  failed: ['corridor_message_errors_total', 'Messages answered with an error.'],
  published: ['corridor_events_total', 'Events published and kept.'],
  delivered: ['corridor_deliveries_total', 'Frames written to peers.'],
  slow: ['corridor_slow_peers_total', 'Peers closed because they did not keep up.'],
  alarmsFailed: ['corridor_alarm_failures_total', 'Alarms whose handler failed, each try.'],
}
const DELAY_SECONDS = [0.01, 0.1, 1, 10, 60, 600, 3600, 86_400]
const COMMIT_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]

export class Metrics {
  readonly registry = new Registry()
  /** How long one commit of the log took, in seconds. */
  readonly commit: Histogram
  /** How long after its time an alarm was first tried, in seconds. */
  readonly alarmDelay: Histogram
  readonly #refusals: Counter<'code'>
  readonly #closes: Counter<'code'>
  readonly #tallies = new Map<string, Tally>()
  /** Limits exceeded outside of any room. */
  readonly #exceeded: Exceeded = {}

  constructor() {
    const registers = [this.registry]
    this.#refusals = new Counter({
      name: 'corridor_refusals_total',
      help: 'Requests refused, by code.',
      labelNames: ['code'],
      registers,
    })
    this.#closes = new Counter({
      name: 'corridor_closes_total',
      help: 'Connections ended by the server, by close code.',
      labelNames: ['code'],
      registers,
    })
    this.commit = new Histogram({
      name: 'corridor_commit_seconds',
      help: 'Duration of a commit of the log.',
      buckets: COMMIT_SECONDS,
      registers,
    })
    this.alarmDelay = new Histogram({
      name: 'corridor_alarm_delay_seconds',
      help: 'How long after its time an alarm was first tried.',
      buckets: DELAY_SECONDS,
      registers,
    })
    // `Object.entries` types every key as a text.
    for (const [key, [name, help]] of Object.entries(TALLIES)) this.#count(key as Total, name, help)
    this.#countExceeded()
  }

  /** The counters of one line of rooms.json. `pattern`: its path there. */
  of(pattern: string): Tally {
    const tally = this.#tallies.get(pattern) ?? newTally()
    this.#tallies.set(pattern, tally)
    return tally
  }

  /** Counts a refused request. `room`: the path in rooms.json that it was for. */
  refused({ label, limit }: Refusal, room: string | undefined): void {
    this.#refusals.inc({ code: label })
    if (limit) countExceeded(room === undefined ? this.#exceeded : this.of(room).exceeded, limit)
  }

  /** Counts a connection that the server ended. All close codes of modules count as one. */
  closed(code: number): void {
    this.#closes.inc({ code: code >= 3000 && code !== Close.kicked.code ? 'module' : String(code) })
  }

  /** Adds the gauges that are read at each scrape. */
  watch(
    countRooms: () => Iterable<RoomCounts>,
    log: Pick<Log, 'trouble' | 'warnings'>,
    nodes: NodeCounts = { living: 1, edgePeers: () => [] },
  ): void {
    const registers = [this.registry]
    collectDefaultMetrics({ register: this.registry })
    const labelNames = ['room'] as const
    const gauge = (name: string, help: string, value: (line: RoomCounts) => number) =>
      new Gauge({
        name,
        help,
        labelNames,
        registers,
        collect() {
          this.reset()
          for (const line of countRooms()) this.inc({ room: line.room }, value(line))
        },
      })
    gauge('corridor_peers', 'Peers in rooms now.', ({ peers }) => peers)
    gauge('corridor_rooms', 'Rooms open now.', ({ rooms }) => rooms)
    gauge('corridor_alarms', 'Alarms of open rooms that are still to be called.', ({ alarms }) => alarms)
    new Gauge({
      name: 'corridor_log_up',
      help: 'Whether the log takes writes.',
      registers,
      collect() {
        this.set(log.trouble === undefined ? 1 : 0)
      },
    })
    new Gauge({
      name: 'corridor_nodes',
      help: 'Nodes that this one knows to be alive, itself included.',
      registers,
      collect() {
        this.set(nodes.living)
      },
    })
    new Gauge({
      name: 'corridor_edge_peers',
      help: 'Peers connected to this node whose room lives on another.',
      labelNames,
      registers,
      collect() {
        this.reset()
        for (const { room } of countRooms()) this.set({ room }, 0)
        for (const [room, peers] of nodes.edgePeers()) this.inc({ room }, peers)
      },
    })
    new Gauge({
      name: 'corridor_log_warnings',
      help: 'What is dangerous about where the log is kept, by kind.',
      labelNames: ['kind'],
      registers,
      collect() {
        this.reset()
        for (const { kind } of log.warnings ?? []) this.set({ kind }, 1)
      },
    })
  }

  /** Removes all time series of this server. */
  end(): void {
    this.registry.clear()
  }

  #count(key: Total, name: string, help: string): void {
    const tallies = this.#tallies
    new Counter({
      name,
      help,
      labelNames: ['room'],
      registers: [this.registry],
      collect() {
        this.reset()
        for (const [room, tally] of tallies) this.inc({ room }, tally[key])
      },
    })
  }

  #countExceeded(): void {
    const all = () => [
      ['', this.#exceeded] as const,
      ...[...this.#tallies].map(([room, { exceeded }]) => [room, exceeded] as const),
    ]
    new Counter({
      name: 'corridor_limits_total',
      help: 'Limits exceeded, by their key in rooms.json.',
      labelNames: ['room', 'limit'],
      registers: [this.registry],
      collect() {
        this.reset()
        for (const [room, exceeded] of all()) {
          for (const [limit, count] of Object.entries(exceeded)) this.inc({ room, limit }, count)
        }
      },
    })
  }
}
