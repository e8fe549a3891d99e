/**
 * `corridor connect ws://127.0.0.1:3000/chat`: a terminal client. Each line of the input is sent as a text frame, each frame
 * is printed as a line; what happens to the connection is told on stderr, so that it works in pipes.
 */
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { parseArgs } from 'node:util'
import { type Clock, systemClock } from '../clock.ts'
import { parseOffset } from '../log/log.ts'
import { ConfigError } from '../mistakes.ts'
import { systemRandom } from '../random.ts'
import { errorOf } from '../thrown.ts'
import { LineQueue } from './line-queue.ts'
import { RoomConnection } from './room-connection.ts'
import type { Signals } from './start.ts'

const USAGE =
  'connect: expected the URL of a room: connect ws://127.0.0.1:3000/chat [--name ann] [--token T] [--client ID] [--offset O] [--stay]'
/** After the end of a piped input, answers may come; it ends when none came for so long. */
const QUIET_MS = 1000
/** The server answers within 5 s. */
const ANSWER_MS = 6000
/** Beyond it no more lines are read. */
const MAX_WAITING_BYTES = 1024 * 1024
const LOOK_MS = 50

export interface Streams {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Writable
  readonly stderr: { write(text: string): unknown }
}

/** Connects, until the input or the room ends. → the exit code: 1 if the room refused or closed us. */
export async function connect(
  args: readonly string[],
  streams: Streams,
  signals: Pick<Signals, 'on'>,
  clock: Clock = systemClock({ isHeld: true }),
): Promise<number> {
  try {
    const { url, values } = readArguments(args)
    return await new Promise((resolve) => talk(url, values, streams, signals, clock, resolve))
  } catch (error) {
    streams.stderr.write(`${errorOf(error).message}\n`)
    return 1
  }
}

function talk(
  url: URL,
  { name, token, client = systemRandom().id(), offset, stay }: Values,
  { stdin, stdout, stderr }: Streams,
  signals: Pick<Signals, 'on'>,
  clock: Clock,
  done: (code: number) => void,
): void {
  const lines = createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY })
  const queue = new LineQueue()
  let isOver = false
  let isEnded = false
  let heardMs = clock.monotonic()
  const connection = new RoomConnection({
    ...{ clock, url, name, token, client, offset },
    frame(data) {
      heardMs = clock.monotonic()
      if (typeof data === 'string') queue.received(data)
      const text = typeof data === 'string' ? data : `binary, ${data.length} bytes: ${data.toString('hex')}`
      if (stdout.write(`${text}\n`)) return
      connection.pause()
      stdout.once('drain', () => connection.resume())
    },
    status: (text) => void stderr.write(`${text}\n`),
    opened() {
      queue.restore()
      send()
    },
    ended(code) {
      isEnded = true
      lines.close()
      stdin.destroy()
      done(code)
    },
  })
  const send = () => {
    while (connection.isOpen && !queue.isEmpty && connection.waiting < MAX_WAITING_BYTES) {
      connection.send(queue.take(connection.hasAnswers))
      heardMs = clock.monotonic()
    }
    const isFull = !queue.isEmpty
    if (isFull && !isOver) lines.pause()
    if (isFull && connection.isOpen && !isEnded) clock.after(LOOK_MS, send)
    if (!isFull && !isOver) lines.resume()
  }
  lines.on('line', (line) => {
    queue.add(line)
    send()
  })
  lines.on('close', () => {
    isOver = true
    if (!stay) leave()
  })
  /** When all is sent and, in a pipe, nothing more comes. */
  const leave = () => {
    if (isEnded) return
    const isSent = queue.isEmpty && connection.isOpen && connection.waiting === 0
    const leastMs = queue.isAnswered ? QUIET_MS : ANSWER_MS
    const isQuiet = clock.monotonic() - heardMs >= leastMs
    if (stdin.isTTY || (isSent && isQuiet)) connection.close()
    else clock.after(LOOK_MS, leave)
  }
  // Such as `| head -1`.
  stdout.on('error', () => connection.close())
  signals.on('SIGINT', () => connection.close())
  signals.on('SIGTERM', () => connection.close())
  connection.open()
}

type Values = ReturnType<typeof parseFlags>['values']

function readArguments(args: readonly string[]): { url: URL; values: Values } {
  const { values, positionals } = parseFlags(args)
  const [address, ...more] = positionals
  if (address === undefined || more.length > 0) throw new ConfigError([USAGE])
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (!url || !/^(ws|http)s?:$/.test(url.protocol))
    throw new ConfigError([`connect: expected a URL that begins with ws:// or wss://, got "${address}"`])
  url.protocol = url.protocol.replace('http', 'ws')
  url.hash = ''
  const { offset } = values
  if (offset !== undefined && !parseOffset(offset))
    throw new ConfigError([`connect: --offset: expected an offset as a room gave it, got "${offset}"`])
  return { url, values }
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        name: { type: 'string' },
        token: { type: 'string' },
        client: { type: 'string' },
        offset: { type: 'string' },
        stay: { type: 'boolean' },
      },
    })
  } catch (error) {
    throw new ConfigError([`connect: ${errorOf(error).message}\n${USAGE}`])
  }
}
