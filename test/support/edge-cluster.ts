/**
 * An edge between two owners of one room, on a clock of the test: the room moves from one to the other, on one log. Peers
 * note all that they hear, and what is promised to them is checked.
 */
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import type { Bytes, Encoding, Frame } from '../../src/delivery/frame.ts'
import type { Wire } from '../../src/delivery/wire.ts'
import { Close, type CloseReason } from '../../src/errors.ts'
import { offset } from '../../src/log/log.ts'
import { MemoryLog } from '../../src/log/memory.ts'
import { Guests } from '../../src/nodes/owner/guests.ts'
import { systemRandom } from '../../src/random.ts'
import type { JoinableEventRoom, Sender } from '../../src/room/open-room.ts'
import { Rooms } from '../../src/room/rooms.ts'
import type { Session } from '../../src/room/session.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { coupledEdge, EDGE, madeUpMount } from './coupled-edge.ts'
import { roomParts } from './live-room.ts'
import { LosingLog } from './losing-log.ts'

const JSON_TEXT: Encoding = { name: 'json', encode: ({ data }) => String(data), join: () => 'joined' }

/** A peer that notes what it hears. */
export class HearingPeer implements Wire {
  readonly encoding = JSON_TEXT
  readonly heard: Frame[] = []
  readonly said: string[] = []
  readonly name: string
  readonly rests: number[] = []
  waiting = 0
  /** Resolves when its connection has taken what waits; `undefined`: it has. */
  taken: Promise<void> | undefined
  closed: CloseReason | undefined
  session!: Session & Partial<Sender>

  constructor(name: string) {
    this.name = name
  }

  say(id: string | undefined, text: string, type = 'say', ref?: number): void {
    if (id !== undefined) this.said.push(id)
    this.session.receive(JSON.stringify({ type, data: text, id }), ref)
  }

  send(_bytes: Bytes, frames: readonly Frame[]): void {
    if (this.closed) throw new Error('expected nothing after a close')
    this.heard.push(...frames)
  }

  drained(): Promise<void> | undefined {
    return this.taken
  }

  rest(ms: number): void {
    this.rests.push(ms)
  }

  close(reason: CloseReason): void {
    this.closed ??= reason
  }

  drop(): void {
    this.close({ code: 1006, reason: '' })
  }

  get welcomes(): Record<string, unknown>[] {
    return this.heard.filter(({ type }) => type === 'welcome').map(({ data }) => JSON.parse(String(data)))
  }

  /** The texts of what was kept. */
  get texts(): string[] {
    return this.heard.filter(({ seq }) => seq > 0).map(({ data }) => JSON.parse(String(data)))
  }

  answersTo(id: string): Frame[] {
    return this.heard.filter(({ answer }) => answer?.id === id)
  }

  /** Throws where something is missed, doubled, or not answered once. `seq`: the end of the log. */
  check(seq: number): void {
    let at: number | undefined
    let isNew = true
    for (const frame of this.heard) {
      if (frame.type === 'welcome') {
        const { resumed } = JSON.parse(String(frame.data))
        if (resumed !== true && at !== undefined && !isNew) this.#fail('was welcomed as a newcomer after its replay')
        if (resumed === true && at !== undefined && frame.after !== at)
          this.#fail(`resumed at ${frame.after}, not ${at}`)
        at = frame.after
      } else if (frame.seq > 0) {
        if (at !== undefined && frame.seq !== at + 1) this.#fail(`heard ${frame.seq} after ${at}`)
        at = frame.seq
        isNew = false
      }
    }
    if (!this.closed && at !== seq) this.#fail(`is at ${at} of ${seq}`)
    for (const id of this.said) {
      const count = this.answersTo(id).length
      if (count !== 1) this.#fail(`got ${count} answers to ${id}`)
    }
  }

  #fail(what: string): never {
    const heard = this.heard.map(({ type, seq, data, answer }) => `${type} ${seq} ${data} ${JSON.stringify(answer)}`)
    throw new Error(`${this.name} ${what}:\n${heard.join('\n')}`)
  }
}

export type OwnerName = 'one' | 'two'

export async function edgeCluster(line: object = {}) {
  const clock = handClock()
  const memory = new MemoryLog(clock, systemRandom())
  const losing = new LosingLog(clock, memory, async () => memory)
  const calls: string[] = []
  const definition = defineRoom({
    receives: { say: z.string(), tell: z.string(), slow: z.string() },
    sends: { said: z.string(), told: z.string() },
    open: (room) => ({
      join: ({ name, resumed }) => void calls.push(`join ${name} ${resumed}`),
      drop: ({ name }) => void calls.push(`drop ${name}`),
      rejoin: ({ name }) => void calls.push(`rejoin ${name}`),
      leave: ({ name }) => void calls.push(`leave ${name}`),
      receive: {
        say: (_, text) => room.publish('said', text),
        tell: (_, text) => room.broadcast('told', text),
        slow: async (_, text) => {
          await new Promise<void>((resolve) => void clock.after(3000, resolve))
          await room.publish('said', text)
        },
      },
    }),
  })
  const mount = madeUpMount(definition, { history: { replay: 5 }, ...line })
  const route = { path: '/room', mount, params: {} }
  const roomsOf = () => new Rooms({ ...roomParts(clock).parts, log: losing.log }, () => mount)
  const ownRooms = roomsOf()
  const edge = coupledEdge(clock, mount, ownRooms)
  const allGuests = new Map<string, Guests>()
  const owners = { one: roomsOf(), two: roomsOf() }
  let at: OwnerName | typeof EDGE = 'one'
  for (const name of ['one', 'two'] as const) {
    const guests = new Guests({
      ...{ clock, rooms: owners[name], routeOf: () => route, logger: { error() {} } },
      ownership: {
        find: async () => (at === name ? { at: 'here' } : { at: 'there', node: at, term: 1 }),
      },
      termOf: () => 1,
      verify: async () => {},
      brought() {},
    })
    edge.owners.set(name, (link) => guests.accept(link))
    allGuests.set(name, guests)
  }
  const settle = () => edge.move(at === EDGE ? { at: 'here' } : { at: 'there', node: at, term: 1 })
  settle()
  const rooms = (): Rooms => (at === 'one' || at === 'two' ? owners[at] : ownRooms)
  const cluster = {
    ...{ clock, edge, calls, losing, route },
    /** The former owner loses the room, and the other has it. */
    move(to: OwnerName | typeof EDGE): void {
      const before: Rooms = rooms()
      at = to
      settle()
      if (before.at('/room')) losing.lose('/room')
    },
    /** The owner ends, and hands the room over as `hand-over.ts` does. */
    async handOver(to: OwnerName): Promise<void> {
      const guests = allGuests.get(at)
      guests?.leadTo('/room', to)
      if (at === EDGE) edge.nodeRooms.hold('/room')
      await guests?.moving('/room')
      const given = async () => {
        if (at === EDGE) edge.nodeRooms.follow('/room', to)
        at = to
        settle()
      }
      await rooms().whileClosed('/room', given, Close.moved)
    },
    get at() {
      return at
    },
    /** Somebody else publishes at the owner. */
    async publish(...texts: string[]): Promise<void> {
      const { room, release } = await rooms().reserve(route, false)
      if (room.kind !== 'event') throw new Error('expected an event room')
      for (const text of texts) {
        await room.anonymousSender({ id: 'x', name: 'x' }).post([{ type: 'say', data: text, id: undefined }])
      }
      release()
    },
    get seq(): number {
      return memory.peek('/room')?.seq ?? 0
    },
    offset: (seq: number) => offset(memory.peek('/room')?.epoch ?? '', seq),
    async join(name: string, at?: string, client: string | undefined = name): Promise<HearingPeer> {
      const { room, release } = await edge.nodeRooms.reserveJoin(route, { client, offset: at, isStream: false })
      const peer = new HearingPeer(name)
      peer.session = (room as JoinableEventRoom).join({ id: name, name, client }, peer, at)
      release()
      return peer
    },
  }
  return cluster
}

export type EdgeCluster = Awaited<ReturnType<typeof edgeCluster>>
