/**
 * A case of the Autobahn test suite, as a row of a table: what is sent, what must come back, and how the
 * connection ends. The categories stand in a file each; `runner.ts` plays a row against a server.
 */
import { closeFrame, fragmented, frame, Op } from '../support/bare-frames.ts'

/** One thing a case does, in order. */
export type Step =
  /** Bytes to write, in one piece or chopped. */
  | { readonly write: Buffer; readonly chopBytes?: number }
  /** Waits until so many of the expected things have come. */
  | { readonly until: number }
  /**
   * Is the connection still open? `ping`: asks with a ping; `wait`: looks again after a while, where no frame may come
   * between. Seen open, it is one of the things that came.
   */
  | { readonly stillOpen: 'ping' | 'wait' }

/** What came back, in order, one line each: `text 48656c6c6f`, `pong`, `open`. */
export type Outcome = readonly string[]

export interface Case {
  readonly id: string
  readonly steps: readonly Step[]
  readonly ok: Outcome
  /** Also right, but less strict or less quick than it could be. */
  readonly nonStrict?: Outcome
  /**
   * `us`: we close when all has come; `said`: our close frame is among the steps; `server`: the server must fail the
   * connection.
   */
  readonly closedBy: 'us' | 'said' | 'server'
  /** The codes the server's close frame may have. */
  readonly codes: readonly number[]
  /** Must the server answer with a close frame, or may it drop the connection? */
  readonly isClean: boolean
  /** The standard leaves the outcome open; it is reported, not judged. */
  readonly isInformational?: boolean
}

export const NORMAL = 1000
export const PROTOCOL_ERROR = 1002
export const INVALID_PAYLOAD = 1007

const NAMES: Readonly<Record<number, string>> = { 1: 'text', 2: 'binary', 9: 'ping', 10: 'pong' }

/** The line that stands for something that came. */
export function outcome(opcode: number, payload: string | Uint8Array = ''): string {
  return `${NAMES[opcode] ?? opcode} ${Buffer.from(payload as Uint8Array).toString('hex')}`.trimEnd()
}

/** A case whose frames are answered with `answers`; then we close. */
export function answered(id: string, writes: readonly Buffer[], answers: Outcome, chopBytes?: number): Case {
  return { id, steps: steps(writes, chopBytes), ok: answers, closedBy: 'us', codes: [NORMAL], isClean: true }
}

/** A case whose frames the server must take for a breach of the protocol, after it gave `before`. */
export function failed(
  id: string,
  writes: readonly Buffer[],
  { before = [] as Outcome, code = PROTOCOL_ERROR, chopBytes = 0, isFramewise = false } = {},
): Case {
  const cut = (each: readonly Buffer[]) =>
    isFramewise ? each.map((write) => ({ write })) : steps(each, chopBytes || undefined)
  // What is still on its way when the server gives up may undo, as a reset, what the server has said before.
  const inPieces = before.length > 0 && (isFramewise || chopBytes > 0)
  const [first, rest] = inPieces ? [cut(writes.slice(0, 1)), cut(writes.slice(1))] : [cut(writes), []]
  return {
    id,
    steps: inPieces ? [...first, { until: before.length }, ...rest] : [...first, ...rest],
    ok: before,
    ...(before.length > 0 && { nonStrict: [] }),
    closedBy: 'server',
    codes: [code],
    isClean: false,
  }
}

/** Steps that write frames: all in one piece, or chopped into pieces of so many bytes. */
export function steps(writes: readonly Buffer[], chopBytes?: number): Step[] {
  const write = Buffer.concat(writes)
  return [chopBytes === undefined ? { write } : { write, chopBytes }]
}

/** A text message in fragments of so many bytes. */
export function fragmentedText(payload: Uint8Array, fragmentBytes: number): Buffer[] {
  const count = Math.ceil(payload.length / fragmentBytes)
  const pieces = Array.from({ length: count }, (_, n) => payload.subarray(n * fragmentBytes, (n + 1) * fragmentBytes))
  return fragmented(Op.text, pieces)
}

export { closeFrame, fragmented, frame, Op }
