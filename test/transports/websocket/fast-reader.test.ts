/**
 * The reader before `ws` against `ws` alone: the same bytes, cut in the same places, are heard as the same messages, pings
 * and pongs in the same order, and end with the same code. `SEED=n` plays one run again.
 */
import { describe, expect, it } from 'vitest'
import { type ServerOptions, WebSocket } from 'ws'
import { FastReader } from '../../../src/transports/websocket/fast-reader.ts'
import { frame, Op } from '../../support/bare-frames.ts'
import { cut, PAYLOAD_BYTES, play } from '../../support/plays.ts'
import { seeded } from '../../support/random.ts'
import { amount } from '../../support/scale.ts'
import { Line, openUnplugged } from '../../support/unplugged.ts'

const RUNS = amount(800, 3000)
/** What `ws` answers, and the events it emits. */
const ENDS = [
  ...['closed 1000', 'closed 1005', 'closed 1006'],
  ...['closes 1000', 'closes 1002', 'closes 1007', 'closes 1008', 'closes 1009', 'closes undefined'],
]

/** What one of the two heard, a line each. */
class Hearing extends WebSocket {
  readonly lines: string[] = []
  reader: FastReader | undefined
  /** Closes by itself when so much was heard. */
  closesAfter = Number.POSITIVE_INFINITY

  start(): void {
    this.on('message', (data: Buffer, isBinary) => {
      this.reader?.resume()
      this.receive(isBinary ? data : data.toString())
    })
    for (const sign of ['ping', 'pong'] as const) {
      this.on(sign, (data) => {
        this.reader?.resume()
        this.tell(`${sign} ${data.toString('hex')}`)
      })
    }
    this.on('error', ({ message }) => this.lines.push(`error ${message}`))
    this.on('close', (code) => this.lines.push(`closed ${code}`))
  }

  receive(message: string | Buffer): void {
    this.tell(typeof message === 'string' ? `text ${message}` : `binary ${message.toString('hex')}`)
  }

  tell(line: string): void {
    if (this.readyState !== WebSocket.OPEN) return
    this.lines.push(line)
    if (this.lines.length >= this.closesAfter) super.close(1012)
  }

  override close(code?: number, reason?: string | Buffer): void {
    this.reader?.end()
    this.lines.push(`closes ${code}`)
    super.close(code, reason)
  }
}

function open(hasReader: boolean): { line: Line; heard: Hearing } {
  const options = { clientTracking: false, WebSocket: Hearing, maxPayload: PAYLOAD_BYTES, maxFragments: 8 }
  const { ws, line } = openUnplugged(options as ServerOptions)
  const heard = ws as Hearing
  if (hasReader) heard.reader = new FastReader(heard, line, PAYLOAD_BYTES)
  heard.start()
  return { line, heard }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

interface Play {
  /** So many pieces come before anything else happens. */
  readonly together: number
  /** It closes by itself when so much was heard. */
  readonly closesAfter: number
  /** From this piece on nothing is read, and the line breaks with what came, */
  readonly pausesAt: number
  /** unless it reads on so many pieces later. */
  readonly restsFor: number
}

/** The events that these bytes cause, in these pieces. */
async function heardOf(
  hasReader: boolean,
  pieces: Buffer[],
  { together, closesAfter, pausesAt, restsFor }: Play,
): Promise<string[]> {
  const { line, heard } = open(hasReader)
  heard.closesAfter = closesAfter
  for (const [index, piece] of pieces.entries()) {
    if (index === pausesAt) heard.pause()
    if (index === pausesAt + restsFor) heard.resume()
    // Each gets its own copy of the bytes, as from the network: they are unmasked in place.
    if (!line.destroyed) line.push(Buffer.from(piece))
    if (index % together === 0) await turn()
  }
  await turn()
  if (!line.destroyed && !heard.isPaused) line.push(null)
  await turn()
  await turn()
  line.destroy()
  await turn()
  return heard.lines
}

describe('the reader before ws', () => {
  it(`hears what ws alone hears, in ${RUNS} plays`, async () => {
    const first = Number(process.env.SEED ?? 1)
    const count = process.env.SEED ? 1 : RUNS
    const ends = new Set<string>()
    for (let seed = first; seed < first + count; seed += 1) {
      const random = seeded(seed)
      const pieces = cut(play(random), random)
      const plan = {
        together: random.pick([1, 4, 1000]),
        closesAfter: random.oneIn(4) ? 1 + random.below(5) : Number.POSITIVE_INFINITY,
        pausesAt: random.oneIn(2) ? random.below(pieces.length) : Number.POSITIVE_INFINITY,
        restsFor: random.oneIn(3) ? random.below(pieces.length) : Number.POSITIVE_INFINITY,
      }
      const [alone, both] = await Promise.all([false, true].map((hasReader) => heardOf(hasReader, pieces, plan)))
      expect(both, `SEED=${seed}`).toEqual(alone)
      for (const line of alone ?? []) if (line.startsWith('close')) ends.add(line)
    }
    // The plays reach every end there is.
    if (count > 1) expect([...ends].sort()).toEqual(ENDS)
  })

  it.each([1, 3, 20])('keeps no message in memory for the sake of %d bytes of the next', async (bytes) => {
    const line = new Line()
    const given: Buffer[] = []
    line.on('data', (part: Buffer) => given.push(part))
    let heard = 0
    const listener = {
      readyState: WebSocket.OPEN,
      receive() {
        heard += 1
      },
    }
    new FastReader(listener, line, PAYLOAD_BYTES)
    const messages = Array.from({ length: 500 }, () => frame(Op.text, 'x'.repeat(100)))
    line.push(Buffer.concat([...messages, frame(Op.text, 'y'.repeat(200)).subarray(0, bytes)]))
    await turn()
    expect([heard, given.map(({ buffer }) => buffer.byteLength)]).toEqual([500, [bytes]])
  })

  it.each([1, 2, 3, 5, 9])('reads again itself after a frame whose head was cut after %d bytes', async (bytes) => {
    const line = new Line()
    const given: Buffer[] = []
    line.on('data', (part: Buffer) => given.push(Buffer.from(part)))
    const heard: (string | Buffer)[] = []
    const reader = new FastReader(
      { readyState: WebSocket.OPEN, receive: (message) => heard.push(message) },
      line,
      PAYLOAD_BYTES,
    )
    const cutFrame = frame(Op.text, 'y'.repeat(200), { lengthBits: bytes > 4 ? 64 : 16 })
    // A new copy each time: the reader unmasks in place.
    for (const piece of [cutFrame.subarray(0, bytes), cutFrame.subarray(bytes)]) {
      line.push(Buffer.from(piece))
      await turn()
    }
    expect(heard).toEqual([])
    reader.resume()
    line.push(frame(Op.text, 'mine again'))
    await turn()
    expect([Buffer.concat(given), heard]).toEqual([cutFrame, ['mine again']])
  })
})
