/**
 * Frames to a peer are written to its socket, where `ws` writes pongs and closes too: the whole stream of bytes that a
 * slow reader got is taken apart, and must be whole frames, each in its place, and none after the close. Made by chance
 * from a seed: `INTERLEAVING_SEED=123 npx vitest run test/delivery/interleaving.test.ts` plays that run again.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { deflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defineRoom, type RawPeer, type RawRoom } from '../../src/define.ts'
import { closeFrame, fragmented, frame, Op } from '../support/bare-frames.ts'
import { ByteStream, contentOf, type StreamFrame } from '../support/byte-stream.ts'
import { selfSigned } from '../support/certificate.ts'
import { anyPayload, textOf } from '../support/payloads.ts'
import { type Dice, seeded } from '../support/random.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { steppedClock } from '../support/stepped-clock.ts'

const SEED = Number(process.env.INTERLEAVING_SEED ?? Date.now() % 1e6)
const STEPS = 300
/** Our pings come each so many steps: in all of them a peer that reads nothing is not taken for dead. */
const PING_STEPS = 40
/** It stays as large compressed. */
const BULK = randomBytes(200_000)

type Payload = string | Uint8Array
type Ending = 'the room' | 'the peer' | 'a broken frame' | 'too much waiting'
const CODES: Record<Ending, number> = {
  'the room': 4001,
  'the peer': 4000,
  'a broken frame': 1002,
  'too much waiting': 1013,
}

/** The events that the peer under test must receive, recorded as they are sent. */
const said: Payload[] = []
/** Where it is. */
let room: RawRoom
let victim: RawPeer | undefined

function say(payload: Payload): void {
  if (!victim) return
  said.push(typeof payload === 'string' ? payload : payload.slice())
  victim.send(payload)
}

function sayToAll(payload: Payload, except?: RawPeer): void {
  if (victim && except !== victim) said.push(typeof payload === 'string' ? payload : payload.slice())
  room.broadcast(payload, { except })
}

const definition = defineRoom({
  open(opened) {
    return {
      join(peer) {
        if (victim) return
        victim = peer
        room = opened
        // With the handshake in one write.
        say('welcome')
        sayToAll(textOf('é', 200))
      },
      message(peer, data) {
        if (peer === victim) say(data)
      },
      leave(peer) {
        if (peer === victim) victim = undefined
      },
    }
  },
})

const time = steppedClock()

/** The peer under test: it reads now and then, pings, and sends messages in pieces. */
class Victim {
  readonly stream: ByteStream
  readonly pings: Buffer[] = []
  readonly #random: Dice
  readonly #isCompressed: boolean

  constructor(random: Dice, path: string, isCompressed: boolean) {
    this.stream = new ByteStream(server.url, path, isCompressed)
    this.#random = random
    this.#isCompressed = isCompressed
  }

  ping(): Buffer {
    const payload = Buffer.from(textOf('p', this.#random.pick([0, 1, 60, 125])))
    this.pings.push(payload)
    return frame(Op.ping, payload)
  }

  /** Something that comes back, with pings between its fragments. */
  message(): Buffer {
    const payload = Buffer.from(textOf(this.#random.pick(['a', 'é', '茶']), this.#random.pick([0, 5, 300, 5000])))
    if (this.#isCompressed && this.#random.oneIn(2)) {
      return frame(Op.text, deflateRawSync(payload, { finishFlush: 2 }).subarray(0, -4), { rsv: 4 })
    }
    const middle = this.#random.below(payload.length + 1)
    const [one, other] = fragmented(Op.text, [payload.subarray(0, middle), payload.subarray(middle)])
    return Buffer.concat([one as Buffer, this.ping(), other as Buffer])
  }

  async step(): Promise<void> {
    const { socket } = this.stream
    const dice = this.#random.below(12)
    if (dice < 2) socket.write(this.ping())
    else if (dice < 4) socket.write(this.message())
    else if (dice < 5) socket.pause()
    else if (dice < 6 && this.#random.oneIn(4)) socket.resume()
    else if (dice < 8) sayToAll(anyPayload(this.#random))
    else if (dice < 9) sayToAll(anyPayload(this.#random), victim)
    else if (dice < 11) say(anyPayload(this.#random))
    else if (this.#random.oneIn(3)) await sleep(this.#random.below(12))
    else await turn()
  }
}

let folder: string
let server: TestServer

describe.each(['plain', 'TLS'])('over %s sockets', (kind) => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'corridor-interleaving-'))
    const { cert, key } = selfSigned()
    writeFileSync(join(folder, 'cert.pem'), cert)
    writeFileSync(join(folder, 'key.pem'), key)
    const tls = { TLS_CERT: join(folder, 'cert.pem'), TLS_KEY: join(folder, 'key.pem') }
    const limits = { rate: { perSecond: 1e6, burst: 1e6 }, heartbeat: '1s', controls: 1e6, buffered: '512MiB' }
    const line = { definition, compression: true, limits }
    server = await startServer({
      rooms: { '/wide': line, '/narrow': { ...line, limits: { ...limits, buffered: '1MiB' } } },
      clock: time.clock,
      env: { ...(kind === 'TLS' && tls) },
    })
  })

  afterAll(async () => {
    await server.close()
    rmSync(folder, { recursive: true })
  })

  describe.each(['uncompressed', 'compressed'])('%s', (how) => {
    const endings = Object.keys(CODES) as Ending[]
    it.each(endings)(`frames are whole and in order up to the end by %s (seed ${SEED})`, async (ending) => {
      await play(ending, how === 'compressed')
    })
  })
})

async function play(ending: Ending, isCompressed: boolean): Promise<void> {
  const random = seeded(SEED)
  const path = ending === 'too much waiting' ? '/narrow' : '/wide'
  said.length = 0
  victim = undefined
  const peer = new Victim(random, path, isCompressed)
  await expect.poll(() => victim !== undefined).toBe(true)
  const { subscriber } = victim as unknown as { subscriber: { wire: { waiting: number } } }
  const neighbour = new ByteStream(server.url, path, false)

  let most = 0
  for (let step = 0; step < STEPS || most === 0; step += 1) {
    await peer.step()
    if (step < STEPS && step % PING_STEPS === 0) time.second()
    most = Math.max(most, subscriber.wire.waiting)
    if (step >= STEPS) {
      // It reads nothing until the network holds no more.
      peer.stream.socket.pause()
      sayToAll(BULK)
      await sleep(1)
    }
  }
  expect(most, 'bytes that waited').toBeGreaterThan(0)
  const least = await end(ending, peer, random)
  for (let more = 0; more < 20; more += 1) room.broadcast('after the end')
  peer.stream.socket.resume()
  await peer.stream.leave()
  neighbour.socket.destroy()
  peer.stream.socket.destroy()

  const { head, frames } = peer.stream.read()
  expect(head).toMatch(/^HTTP\/1\.1 101 /)
  expect(head.includes('permessage-deflate')).toBe(isCompressed)
  check(frames, peer, least, CODES[ending])
  if (isCompressed) expect(frames.some(({ isCompressed }) => isCompressed)).toBe(true)
  else expect(frames.some(({ isCompressed }) => isCompressed)).toBe(false)
}

/** Ends the connection. Resolves with how many of the payloads must have come. */
async function end(ending: Ending, { stream }: Victim, random: Dice): Promise<number> {
  for (let more = 0; more < 5; more += 1) sayToAll(anyPayload(random))
  const before = said.length
  if (ending === 'the room') {
    say('the last word')
    victim?.close(4001, 'as you wish')
    for (let more = 0; more < 5; more += 1) victim?.send('after the end')
    return before + 1
  }
  if (ending === 'too much waiting') {
    stream.socket.pause()
    while (victim) {
      sayToAll(BULK)
      await sleep(2)
    }
    return 0
  }
  const last = ending === 'the peer' ? closeFrame(4000, 'bye') : frame(Op.text, 'x', { rsv: 1 })
  stream.socket.write(Buffer.concat([last, frame(Op.text, 'unheard')]))
  // More is sent until the room notices the end; some of it may still arrive.
  while (victim) {
    sayToAll(anyPayload(random))
    stream.socket.resume()
    await turn()
  }
  return before
}

function check(frames: StreamFrame[], { pings }: Victim, least: number, code: number): void {
  const of = (...opcodes: number[]) => frames.filter(({ opcode }) => opcodes.includes(opcode))
  expect(of(Op.close).map(({ payload }) => payload.readUInt16BE(0))).toEqual([code])
  expect(frames.at(-1)?.opcode).toBe(Op.close)
  expect(of(Op.ping).length, 'pings of ours').toBeGreaterThan(0)
  expect(of(Op.ping).every(({ payload }) => payload.length === 0)).toBe(true)
  const pongs = of(Op.pong).map(({ payload }) => payload.toString())
  expect(pongs.length).toBeGreaterThan(5)
  expect(pongs).toEqual(pings.slice(0, pongs.length).map(String))
  const heard = of(Op.text, Op.binary)
  expect(heard.length).toBeGreaterThanOrEqual(least)
  expect(heard.length).toBeLessThanOrEqual(said.length)
  const wrong = heard.findIndex((frame, at) => {
    const payload = said[at] as Payload
    const isSame = contentOf(frame).equals(Buffer.from(payload as string))
    return !isSame || (frame.opcode === Op.text) !== (typeof payload === 'string')
  })
  expect(wrong, `the first of ${heard.length} payloads that is not what was said`).toBe(-1)
}
