/**
 * The input and output of the load generator, both as JSON. `runs.ts` writes the job, `generator.ts`
 * carries it out.
 */

/** How a server's clients speak. `corridor`: its event protocol; `plain`: the same JSON, sent on as it came. */
export type DialectName = 'plain' | 'corridor' | 'socketio' | 'gateway'

/**
 * `steady`: a fixed rate. `search`: the highest rate that is sustained. `echo`: one message in flight per connection.
 * `connect`: a storm of handshakes, then idle. `resume`: a storm of peers that come back and catch up. `open`: storms of
 * peers into one open room, and into rooms of their own.
 */
export type Mode = 'steady' | 'search' | 'echo' | 'connect' | 'resume' | 'open'

export interface Job {
  readonly mode: Mode
  readonly port: number
  /** The server's process, whose CPU and memory are read. */
  readonly pid: number
  readonly dialect: DialectName
  /** Path of the room; `%r` is the room's number. */
  readonly path: string
  readonly peers: number
  readonly rooms: number
  /** So many connections publish, in turn. */
  readonly senders: number
  /** The size of the JSON event a client sends, without the frame's head. */
  readonly bytes: number
  /** Messages per second, all senders together; for `search`, where to begin. */
  readonly rate: number
  /** How long one measurement lasts, and how long a few peers talk before. */
  readonly seconds: number
  readonly warmSeconds: number
  /** Whether connections offer permessage-deflate. Clients send uncompressed. */
  readonly isDeflated: boolean
  /** Whether each message asks for an ack, and acks are what is counted. */
  readonly hasAcks: boolean
  /** What p99 must stay under in a `search`. */
  readonly limitMs: number
  /** A `search` ends when the lowest rate that failed is less than this many times the highest that passed. */
  readonly closeEnough: number
}

/** One measurement. CPU is counted from the first message until the last has arrived. */
export interface Step {
  /** Messages offered per second. */
  readonly rate: number
  readonly published: number
  /** Messages not sent, since the sender's connection was full. */
  readonly refused: number
  readonly delivered: number
  readonly lost: number
  readonly doubled: number
  /** Connections that the server ended. */
  readonly closed: number
  /** What would be delivered per second if nothing were late, and what was. */
  readonly offeredPerSecond: number
  readonly deliveredPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** CPU of the server and of the generator for one delivery, in microseconds. */
  readonly serverUs: number | undefined
  readonly loadUs: number
  /** How busy the generator was: 1 is a whole core. */
  readonly loadShare: number
  readonly bytesPerDelivery: number
  readonly rssBytes: number | undefined
  /** Shares of the machine's time that its host took, and that other processes used. */
  readonly stolenShare: number
  readonly othersShare: number
}

export interface Storm {
  readonly perSecond: number
  /** CPU of the server for one handshake, in microseconds. */
  readonly serverUs: number | undefined
}

export interface Result {
  /** The measurement that counts: of a `search`, the best step that passed. */
  readonly step?: Step | undefined
  /** Every step of a `search`. */
  readonly steps?: readonly Step[]
  readonly connections: number
  /** How many connections have permessage-deflate. */
  readonly deflated: number
  /** `connect`: handshakes on a fresh server, and later on the same one. */
  readonly storms?: { readonly first: Storm; readonly later: Storm }
  /** `connect`: memory of the server before the first connection, and with all of them idle. */
  readonly idleBytesPerPeer?: number | undefined
  /** `resume`: peers per second that came back and had everything, and how long one took. */
  readonly resume?: {
    readonly perSecond: number
    readonly p50Ms: number
    readonly p99Ms: number
    readonly wrong: number
  }
  /** `open`: peers that join one open room, that open a room each, and that open one and say something in it. */
  readonly openings?: { readonly joins: Storm; readonly opens: Storm; readonly speaks: Storm }
  /** How well an ack said that its message is kept. */
  readonly kept?: string | undefined
  readonly stolenShare: number
  readonly othersShare: number
  readonly loadShare: number
}
