/**
 * Plays the cases against a raw echo room at a URL, directly or through a proxy, each on a connection of its own, and
 * judges them by Autobahn's words. The room must take 256 KiB messages, many handshakes and messages at once (`ECHO`).
 */
import type { ConnectionOptions } from 'node:tls'
import type { Received } from '../support/bare-frames.ts'
import { BarePeer } from '../support/bare-peer.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { type Case, closeFrame, frame, NORMAL, Op, outcome } from './case.ts'
import { CASES } from './cases.ts'

/** The line of `rooms.json` for a room that can be judged. */
export const ECHO = {
  module: 'echo',
  limits: { payload: '512KiB', perAddress: 1000, rate: { perSecond: 10_000, burst: 10_000 } },
} as const

export type Verdict = 'OK' | 'NON-STRICT' | 'INFORMATIONAL' | 'FAILED' | 'WRONG CODE' | 'UNCLEAN'

export interface Result {
  readonly id: string
  readonly verdict: Verdict
  /** What came and how it ended, for the report of a failure. */
  readonly detail: string
}

export interface RunOptions {
  tls?: ConnectionOptions
  /** How many connections there are at once. */
  concurrency?: number
  /** Only these; default: all. */
  cases?: readonly Case[]
}

/** How long a connection is looked at that stays open in the middle of a frame. */
const LOOK_MS = 200
/** The ping that asks whether a connection is open is none that a case sends. */
const ARE_YOU_THERE = Buffer.from('are you there?')

/** Runs all cases; the results stand in the order of the cases. */
export async function runCases(
  url: string,
  { tls, concurrency = 16, cases = CASES }: RunOptions = {},
): Promise<Result[]> {
  const results: Result[] = []
  const rest = cases.entries()
  const worker = async () => {
    for (const [index, row] of rest) results[index] = await runCase(url, row, tls)
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return results
}

async function runCase(url: string, row: Case, tls: ConnectionOptions | undefined): Promise<Result> {
  const { id } = row
  let peer: BarePeer | undefined
  const came: string[] = []
  try {
    peer = await BarePeer.open(url, tls ? { tls } : {})
    await play(peer, row, came)
    return { id, verdict: judge(row, came, peer), detail: tell(row, came, peer) }
  } catch (error) {
    return { id, verdict: 'FAILED', detail: `${(error as Error).message}; ${peer ? tell(row, came, peer) : ''}` }
  } finally {
    peer?.destroy()
  }
}

async function play(peer: BarePeer, { steps, ok, closedBy }: Case, came: string[]): Promise<void> {
  const take = async (enough: () => boolean) => {
    while (!enough() && !peer.hasClosed) {
      const received = await peer.next(PATIENCE_MS)
      if (!received) return
      note(came, received)
    }
  }
  for (const step of steps) {
    if ('write' in step) await peer.write(step.write, step.chopBytes)
    else if ('until' in step) await take(() => came.length >= step.until)
    else if (await isOpen(peer, step.stillOpen)) came.push('open')
  }
  if (closedBy === 'us') {
    await take(() => came.length >= ok.length)
    await peer.write(closeFrame(NORMAL))
  }
  await take(() => false)
  // A client answers the server's close, and the server ends the connection.
  if (closedBy === 'server') await peer.write(closeFrame(peer.closeCode ?? NORMAL))
  await within(peer.ended, 'the server did not end the connection')
}

function note(came: string[], received: Received): void {
  if (received.opcode !== Op.close) came.push(outcome(received.opcode, received.payload))
}

async function isOpen(peer: BarePeer, how: 'ping' | 'wait'): Promise<boolean> {
  if (how === 'wait') {
    await Promise.race([peer.ended, new Promise((resolve) => setTimeout(resolve, LOOK_MS))])
    return !peer.isEnded && !peer.hasClosed
  }
  if (peer.hasClosed || peer.isEnded) return false
  await peer.write(frame(Op.ping, ARE_YOU_THERE))
  return (await peer.next(PATIENCE_MS))?.opcode === Op.pong
}

function judge(row: Case, came: readonly string[], peer: BarePeer): Verdict {
  if (row.isInformational) return 'INFORMATIONAL'
  const same = (expected: readonly string[]) => expected.join('\n') === came.join('\n')
  const verdict = same(row.ok) ? 'OK' : row.nonStrict && same(row.nonStrict) ? 'NON-STRICT' : 'FAILED'
  if (verdict === 'FAILED') return verdict
  if (row.isClean && !peer.hasClosed) return 'UNCLEAN'
  // A close frame may say nothing of why.
  if (peer.closeCode !== undefined && !row.codes.includes(peer.closeCode)) return 'WRONG CODE'
  return verdict
}

function tell(row: Case, came: readonly string[], peer: BarePeer): string {
  const short = (lines: readonly string[]) => lines.map((line) => line.slice(0, 60)).join(', ') || 'nothing'
  const end = peer.hasClosed ? `close ${peer.closeCode ?? 'without a code'}` : 'no close frame'
  return `expected ${short(row.ok)} and ${row.codes.join(' or ')}, got ${short(came)} and ${end}`
}

async function within(promise: Promise<void>, otherwise: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(otherwise)), PATIENCE_MS)
  })
  try {
    await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
