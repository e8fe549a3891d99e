/** A room of either kind, in memory and on a clock turned by hand, for tests that hold its sessions as a transport does. */
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import type { CloseReason } from '../../src/errors.ts'
import { LiveEventRoom } from '../../src/room/event-room.ts'
import { LiveRawRoom } from '../../src/room/raw-room.ts'
import type { Session } from '../../src/room/session.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { roomParts, roomSettings } from './live-room.ts'
import { NotingWire } from './noting-wire.ts'

/** How long a lost member is waited for. */
export const REJOIN_MS = 5000
/** Messages of a peer at once, before its rate is too much. */
export const BURST = 50

export interface SessionStage {
  /**
   * A client joins; one of the same name is the same client. `guest`: one that cannot be known again, unless by the `name`
   * of its connection.
   */
  join(client: string, isGuest?: boolean, name?: string): { session: Session; wire: NotingWire }
  /** What a transport hands in where a peer says this. */
  message(text: string): string
  /** What the author was called for: `join ann`, `heard ann hello`, … */
  readonly calls: readonly string[]
  /** Of each member, from its join to its leave: `join drop rejoin leave`. */
  lives(): string[]
  size(): number
  close(reason: CloseReason): Promise<void>
  /** Lets time pass, and all that is due happen. */
  pass(ms?: number): Promise<void>
}

interface Named {
  readonly name: string
  close(code?: number): void
}

/** What either author does: repeats to everyone what it receives, except a few words that are commands. */
function author(say: (text: string) => void) {
  const calls: string[] = []
  const lives = new Map<Named, string[]>()
  const note = (what: string) => (peer: Named) => {
    calls.push(`${what} ${peer.name}`)
    lives.set(peer, [...(lives.get(peer) ?? []), what])
  }
  const handlers = { join: note('join'), drop: note('drop'), rejoin: note('rejoin'), leave: note('leave') }
  const hear = (peer: Named, text: string) => {
    calls.push(`heard ${peer.name} ${text}`)
    if (text === 'out') peer.close(4001)
    else if (text === 'throw') throw new Error('planned')
    else say(`${peer.name}: ${text}`)
  }
  return { calls, lives: () => [...lives.values()].map((life) => life.join(' ')), handlers, hear }
}

const SETTINGS = roomSettings({ rejoinWithinMs: REJOIN_MS, limits: { rate: { perSecond: 1, burst: BURST } } })

/** How peers come to the room. */
export type Way = (room: LiveRoom, clock: HandClock) => Promise<LiveRoom['join']>

type LiveRoom = LiveEventRoom | LiveRawRoom

/** As a transport in the same process joins them. */
const here: Way = async (room) => (visitor, wire, offset) => room.join(visitor, wire, offset)

export async function eventStage(way = here): Promise<SessionStage> {
  const { clock, parts } = roomParts(handClock())
  let say = (_: string) => {}
  const { handlers, hear, ...notes } = author((text) => say(text))
  const definition = defineRoom({
    receives: { say: z.string() },
    sends: { said: z.string() },
    open(room) {
      say = (text) => room.broadcast('said', text)
      return { ...handlers, receive: { say: hear } }
    },
  })
  // Which messages it takes and sends is of no interest outside.
  const room = new LiveEventRoom(parts, '/room', {}, SETTINGS, definition as never)
  await room.start(() => {})
  return stage(room, await way(room, clock), clock, notes, (text) => JSON.stringify({ type: 'say', data: text }))
}

export async function rawStage(way = here): Promise<SessionStage> {
  const { clock, parts } = roomParts(handClock())
  let say = (_: string) => {}
  const { handlers, hear, ...notes } = author((text) => say(text))
  const definition = defineRoom({
    open(room) {
      say = (text) => room.broadcast(text)
      return { ...handlers, message: (peer, data) => hear(peer, String(data)) }
    },
  })
  const room = new LiveRawRoom(parts, '/room', {}, SETTINGS, definition)
  await room.start(() => {})
  return stage(room, await way(room, clock), clock, notes, (text) => text)
}

function stage(
  room: LiveRoom,
  join: LiveRoom['join'],
  clock: HandClock,
  notes: Pick<SessionStage, 'calls' | 'lives'>,
  message: (text: string) => string,
): SessionStage {
  return {
    join(name, isGuest = false, session = undefined) {
      const wire = new NotingWire()
      const visitor = { id: name, name, ...(!isGuest && { client: name }), session }
      return { session: join(visitor, wire, undefined), wire }
    },
    message,
    ...notes,
    size: () => room.size,
    async close(reason) {
      const closed = room.close(reason)
      await clock.advance(5000)
      await closed
    },
    pass: (ms = 100) => clock.advance(ms),
  }
}
