/**
 * A room whose handlers a test writes, over a log that a test holds up or breaks. `state` is changed in steps, as a
 * room's storage is, and read again from the log by `reopen`.
 */
import { setImmediate } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import { defineRoom, type EventDefinition, RoomError } from '../../src/define.ts'
import { payloadOf } from '../../src/delivery/payload.ts'
import type { Entry, Log, RoomLog } from '../../src/log/log.ts'
import { LiveEventRoom } from '../../src/room/event-room.ts'
import type { EventSession } from '../../src/room/open-room.ts'
import type { LiveEventPeer } from '../../src/room/peer.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { TestWire } from '../../src/testing/test-wire.ts'
import { roomParts, roomSettings } from './live-room.ts'
import type { Place } from './places.ts'

async function logOf(place: Place, clock: HandClock): Promise<Log> {
  const log = await place.log(clock)
  onTestFinished(() => log.close())
  return log
}

/** What a test does to the log. */
class Hold {
  isHeld = false
  breaks = false
  #entries: [RoomLog, Entry][] = []

  append(log: RoomLog, entry: Entry): void {
    if (this.isHeld) this.#entries.push([log, entry])
    else if (this.breaks) entry.failed(new RoomError('unavailable', 'the disk is full'))
    else log.append(entry)
  }

  /** Lets the log take what it was held up with. */
  release(): void {
    this.isHeld = false
    for (const [log, entry] of this.#entries.splice(0)) log.append(entry)
  }

  /** What was held up cannot be kept. */
  break(): void {
    this.isHeld = false
    for (const [, entry] of this.#entries.splice(0)) entry.failed(new RoomError('unavailable', 'the disk is full'))
  }
}

function held(log: Log, hold: Hold): Log {
  return {
    ...log,
    async open(path, retention) {
      const room = await log.open(path, retention)
      return new Proxy(room, {
        get(_, name) {
          if (name === 'append') return (entry: Entry) => hold.append(room, entry)
          const own: unknown = Reflect.get(room, name)
          return typeof own === 'function' ? own.bind(room) : own
        },
      })
    },
  }
}

export interface StageRoom extends LiveEventRoom {
  get(): string
  set(value: string): void
}

type Handler = (peer: LiveEventPeer, room: StageRoom) => unknown
export interface Script {
  open?: (room: StageRoom) => unknown
  join?: Handler
  leave?: Handler
  close?: (room: StageRoom) => unknown
  alarm?: (name: string) => unknown
  /** What a message does, by its data. */
  do?: Record<string, Handler>
}

function definitionOf(script: Script): EventDefinition {
  const definition = defineRoom({
    receives: { do: z.string() },
    sends: { said: z.string(), sent: z.string() },
    stores: { state: z.string().default('') },
    async open(given) {
      const room = stateful(given as unknown as LiveEventRoom)
      await script.open?.(room)
      return {
        join: (peer) => script.join?.(peer as never, room),
        leave: (peer) => script.leave?.(peer as never, room),
        close: () => script.close?.(room),
        ...(script.alarm && { alarm: script.alarm }),
        receive: { do: (peer, what) => script.do?.[what]?.(peer as never, room) },
      }
    },
  })
  return definition as never
}

/** Its state is one value of the storage. */
function stateful(room: LiveEventRoom): StageRoom {
  return Object.assign(room, {
    get: () => String(room.storage.get('state')),
    set: (value: string) => room.storage.set('state', value),
  })
}

export class StepStage {
  readonly clock: HandClock
  readonly hold = new Hold()
  readonly errors: unknown[]
  room!: StageRoom
  readonly #parts: ReturnType<typeof roomParts>['parts']
  readonly #script: Script
  readonly #peers = new Map<string, { session: EventSession; notes: string[]; wire: TestWire }>()

  private constructor(clock: HandClock, log: Log, script: Script) {
    const { parts, errors } = roomParts(clock)
    this.clock = clock
    this.errors = errors
    this.#parts = { ...parts, log: held(log, this.hold) }
    this.#script = script
  }

  static async open(place: Place, script: Script): Promise<StepStage> {
    const clock = handClock()
    const stage = new StepStage(clock, await logOf(place, clock), script)
    await stage.openRoom()
    return stage
  }

  static async unopened(place: Place, script: Script): Promise<StepStage> {
    const clock = handClock()
    return new StepStage(clock, await logOf(place, clock), script)
  }

  async openRoom(): Promise<void> {
    const settings = roomSettings({ limits: { rate: { perSecond: 1e6, burst: 1e6 } } })
    const room = new LiveEventRoom(this.#parts, '/room', {}, settings, definitionOf(this.#script))
    await room.start(() => {})
    // What `open` was given is the room itself.
    this.room = room as StageRoom
  }

  /** Closes the room and opens it again on the same log. */
  async reopen(): Promise<void> {
    this.#peers.clear()
    await this.room.close({ code: 1012, reason: '' })
    await this.openRoom()
  }

  join(name: string): void {
    const wire = new TestWire(this.errors as unknown[])
    const notes: string[] = []
    wire.onFrame = (frame) => {
      const { type, data, id, seq, duplicate } = JSON.parse(String(payloadOf(frame)))
      if (type === 'welcome') return
      const what = type === 'error' ? data.code : type === 'ack' ? (seq ?? '-') : data
      notes.push([type, id, what, duplicate && 'duplicate'].filter(Boolean).join(' '))
    }
    const session = this.room.join({ id: name, name, client: name }, wire, undefined)
    this.#peers.set(name, { session, notes, wire })
  }

  /** Says something at once. */
  say(name: string, what: string, id?: string): void {
    this.session(name).receive(JSON.stringify({ type: 'do', data: what, id }))
  }

  /** Posts a batch. Resolves with the code of its error. */
  async post(name: string, ...what: string[]): Promise<string | undefined> {
    const messages = what.map((data) => ({ type: 'do', data, id: undefined }))
    const code = (error: unknown) => (error instanceof RoomError ? error.code : String(error))
    return this.session(name)
      .post(messages)
      .then(() => undefined, code)
  }

  session(name: string): EventSession {
    const peer = this.#peers.get(name)
    if (!peer) throw new Error(`${name} has not joined`)
    return peer.session
  }

  /** What a peer has heard since this was asked last. */
  heard(name: string): string[] {
    this.session(name).flush()
    const { notes = [], wire } = this.#peers.get(name) ?? {}
    return [...notes.splice(0), ...(wire?.closed ? [`closed ${wire.closed.code}`] : [])]
  }

  /** Until all that the room has begun is kept. */
  async settled(): Promise<void> {
    for (let turn = 0; turn < 5 || !(this.room.steps.isIdle || this.hold.isHeld); turn += 1) {
      await setImmediate()
      await this.clock.advance(0)
    }
  }

  async events(): Promise<unknown[]> {
    return (await this.room.history()).map(({ data }) => data)
  }
}
