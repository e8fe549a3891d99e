/**
 * Runs made of seeds against a live server in this process. A run is one connection; its seed alone decides what it
 * sends. After each batch the server must be unchanged: nothing thrown, nothing logged as an error, an honest client
 * served, no prototype touched, nobody left behind. What fails names the seed to run again.
 */
import { connect } from 'node:net'
import { BarePeer } from '../support/bare-peer.ts'
import type { Client } from '../support/client.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { type Dice, seeded } from '../support/random.ts'
import type { TestServer } from '../support/server.ts'
import { frameStream, type Stream, type StreamOptions } from './frames.ts'
import { httpRequest } from './requests.ts'

export type Run = (server: TestServer, random: Dice) => Promise<number>

/** How many runs are under way at once. */
const CONCURRENCY = 8
/** How long a run that is through waits for the server to end the connection. */
const LINGER_MS = 30
const DEFLATE = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' }

export interface FuzzOptions {
  readonly name: string
  readonly run: Run
  readonly seed: number
  /** So many runs are looked at together. */
  readonly batch?: number
  /** Ends after so many runs, or when so much was sent. */
  readonly runs?: number
  readonly amount?: number
}

/** → how much was sent: frames or requests */
export async function fuzz(
  server: TestServer,
  { name, run, seed, batch = 64, runs = Infinity, amount = Infinity }: FuzzOptions,
): Promise<number> {
  const thrown: unknown[] = []
  const note = (error: unknown) => void thrown.push(error)
  process.on('uncaughtException', note).on('unhandledRejection', note)
  const honest = await server.connect('/chat', { name: 'honest' })
  const prototypes = touched()
  let sent = 0
  let next = 0
  try {
    while (next < runs && sent < amount) {
      const first = next
      next = Math.min(runs, next + batch)
      const errorsBefore = server.logs.filter(({ level }) => level >= 50).length
      sent += await play(server, run, seed, first, next)
      const failure =
        thrown.length > 0
          ? `threw ${String((thrown[0] as Error).stack ?? thrown[0])}`
          : prototypes !== touched()
            ? 'touched a prototype'
            : (errorOf(server, errorsBefore) ?? (await unwell(server, honest)))
      if (failure) throw new Error(`${name} ${failure}\n${replay(seed + first, next - first)}`)
    }
    return sent
  } finally {
    process.off('uncaughtException', note).off('unhandledRejection', note)
    await honest.close()
  }
}

function replay(seed: number, runs: number): string {
  return `To see it again: FUZZ_SEED=${seed} FUZZ_RUNS=${runs} npx vitest run test/hostile/fuzz.test.ts`
}

async function play(server: TestServer, run: Run, seed: number, first: number, end: number): Promise<number> {
  let sent = 0
  const numbers = Array.from({ length: end - first }, (_, index) => first + index).values()
  const worker = async () => {
    for (const number of numbers) {
      const more = await run(server, seeded(seed + number))
      sent += more
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  return sent
}

/** Frames to one of the rooms; `legal`: how many good ones come before the bad. */
export function frameRun(legal: number): Run {
  return async (server, random) => {
    const path = random.pick(['/echo', '/echo', '/squeezed', '/chat', '/r/fuzz'])
    const isSqueezed = path === '/squeezed'
    const options: StreamOptions = { legal: 1 + random.below(legal * 2), isEvent: /chat|fuzz/.test(path), isSqueezed }
    const stream = frameStream(random, options)
    const peer = await BarePeer.open(`${server.ws}${path}`, { isDeaf: true, headers: isSqueezed ? DEFLATE : {} })
    const sent = await send(peer, stream)
    await Promise.race([peer.ended, new Promise((resolve) => setTimeout(resolve, random.below(LINGER_MS)))])
    if (random.oneIn(4)) peer.socket.resetAndDestroy()
    else peer.destroy()
    return sent
  }
}

/** → the frames that were written while the connection was open */
async function send(peer: BarePeer, { frames, cuts }: Stream): Promise<number> {
  const bytes = Buffer.concat(frames)
  let at = 0
  for (let turn = 0; at < bytes.length && !peer.isEnded && !peer.socket.destroyed; turn += 1) {
    const size = cuts[turn % cuts.length] ?? bytes.length
    await peer.write(bytes.subarray(at, at + size))
    at += size
  }
  let count = 0
  for (let end = 0; count < frames.length && end < at; count += 1) end += frames[count]?.length ?? 0
  return count
}

/** A request to a room's path. What never may come back is a 500. */
export const requestRun: Run = async (server, random) => {
  const bytes = httpRequest(random)
  const answer = await new Promise<string>((resolve) => {
    let text = ''
    const socket = connect({ port: server.port, host: '127.0.0.1' }, () => socket.write(bytes))
    // A live read goes on, a broken request may wait for its rest: what came so far is enough.
    const timer = setTimeout(() => socket.destroy(), 20 + random.below(LINGER_MS))
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(text)
    })
  })
  if (/^HTTP\/1\.1 500/.test(answer))
    throw new Error(`500 for ${JSON.stringify(bytes.toString('latin1').slice(0, 2000))}`)
  return 1
}

/** The keys of the prototypes everything has. */
function touched(): string {
  return [Object, Array, String, Function].map(({ prototype }) => Reflect.ownKeys(prototype).length).join()
}

function errorOf(server: TestServer, before: number): string | undefined {
  const errors = server.logs.filter(({ level }) => level >= 50)
  return errors.length > before ? `made the server log an error: ${JSON.stringify(errors[before])}` : undefined
}

/** Whether an honest client is still heard, and those who are gone are forgotten. */
async function unwell(server: TestServer, honest: Client): Promise<string | undefined> {
  const text = `well? ${performance.now()}`
  honest.send('message', { text })
  for (;;) {
    const heard = await honest.next<{ text: string }>('message').catch((error: Error) => error)
    if (heard instanceof Error) return `left an honest client unheard: ${heard.message}`
    if (heard.data.text === text) break
  }
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const members = await membersOf(server)
    if (members === 1) return undefined
    if (performance.now() > deadline) return `left ${members} members in the rooms, expected the honest one`
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** The number of members in all open rooms, as the lobby shows it. */
async function membersOf(server: TestServer): Promise<number> {
  const response = await fetch(server.url, { headers: { accept: 'application/json' } })
  const { rooms } = (await response.json()) as { rooms: { members: number; open?: { members: number }[] }[] }
  return rooms.reduce(
    (sum, { members, open }) => sum + (open ? open.reduce((more, room) => more + room.members, 0) : members),
    0,
  )
}
