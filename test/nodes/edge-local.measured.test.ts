/** What it costs a room that is open on its own node that its peers come over an edge (catalogue: ND9): joins and fan-out. */
import { expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { defineRoom } from '../../src/define.ts'
import { Frame } from '../../src/delivery/frame.ts'
import { payloadOf } from '../../src/delivery/payload.ts'
import type { Wire } from '../../src/delivery/wire.ts'
import { LiveEventRoom } from '../../src/room/event-room.ts'
import type { JoinableRoom } from '../../src/room/open-room.ts'
import { frameBytes } from '../../src/transports/frame-bytes.ts'
import { coupledEdge, madeUpMount } from '../support/coupled-edge.ts'
import { bound } from '../support/figures.ts'
import { roomParts, roomSettings } from '../support/live-room.ts'

const PEERS = 2000
const EVENTS = 400
const ROUNDS = 15
const encoding = { name: 'websocket', encode: (frame: Frame) => frameBytes(payloadOf(frame)) }

/** As cheap as a wire can be: it shows the most of what stands before it. */
class CountingWire implements Wire {
  readonly encoding = encoding
  readonly waiting = 0
  bytes = 0

  send(bytes: Buffer | string): void {
    this.bytes += bytes.length
  }

  drained(): undefined {}
  rest(): void {}
  close(): void {}
  drop(): void {}
}

async function open() {
  const { parts } = roomParts(systemClock())
  const definition = defineRoom({ sends: {}, open: () => ({}) })
  const room = new LiveEventRoom(parts, '/room', {}, roomSettings({}), definition as never)
  await room.start(() => {})
  return room
}

async function overEdge(room: LiveEventRoom): Promise<JoinableRoom> {
  const place = { room, release() {} }
  const mount = madeUpMount({ sends: {} })
  const edge = coupledEdge(systemClock(), mount, { get: () => room, reserve: () => place, reserveJoin: () => place })
  return edge.room()
}

/** CPU, in µs. */
function usedUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** CPU in µs for each join, and in ns for each flush that a peer is written. */
async function measure(isOverEdge: boolean): Promise<{ joinUs: number; writeNs: number }> {
  const room = await open()
  const joined: JoinableRoom = isOverEdge ? await overEdge(room) : room
  const wires = Array.from({ length: PEERS }, () => new CountingWire())
  const turn = () => new Promise<void>((resolve) => void setImmediate(resolve))
  await turn()
  let before = usedUs()
  for (const [at, wire] of wires.entries()) joined.join({ id: `${at}`, name: `${at}` }, wire, undefined)
  const joinUs = (usedUs() - before) / PEERS
  await turn()
  before = usedUs()
  let flushes = 0
  const last = wires.at(-1)
  for (let seq = 1; seq <= EVENTS; seq += 1) {
    room.audience.deliver(new Frame('said', '"some text of a usual length, as people say"', seq, 1))
    const bytes = last?.bytes
    // Each is a flush of its own.
    for (; last?.bytes === bytes; ) await turn()
    flushes += 1
  }
  const writeNs = ((usedUs() - before) * 1000) / (flushes * PEERS)
  await room.kill()
  return { joinUs, writeNs }
}

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

it('joins and fan-out', async () => {
  for (const isOverEdge of [true, false]) await measure(isOverEdge)
  const [edge, plain] = [
    { join: [] as number[], write: [] as number[] },
    { join: [] as number[], write: [] as number[] },
  ]
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const isOverEdge of round % 2 ? [true, false] : [false, true]) {
      const { joinUs, writeNs } = await measure(isOverEdge)
      const into = isOverEdge ? edge : plain
      into.join.push(joinUs)
      into.write.push(writeNs)
    }
  }
  bound('ND9', 'a join over an edge, of one without', median(edge.join) / median(plain.join), 2)
  bound('ND9', 'a write over an edge, of one without', median(edge.write) / median(plain.write), 1.25)
  expect(edge.join).toHaveLength(ROUNDS)
})
