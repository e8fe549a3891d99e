/**
 * What the author's code has of a room of either kind: its path, its members, its storage and alarms, time and timers.
 * `room.ts` is the live room, with the way to its peers.
 */
import type { Answer } from '../author/room.ts'
import type { Definition, Notes, Present, RoomLogger, Storage, Who } from '../define.ts'
import { type Frame, json } from '../delivery/frame.ts'
import { RoomError } from '../errors.ts'
import { offset, type RoomLog } from '../log/log.ts'
import { show } from '../mistakes.ts'
import type { Random } from '../random.ts'
import type { Tally } from '../tally.ts'
import type { RoomAlarms } from './alarms.ts'
import { HandlerCalls } from './handler-calls.ts'
import { LazyLogger } from './lazy-logger.ts'
import { Members } from './members.ts'
import type { LivePeer } from './peer.ts'
import { messageOf } from './protocol.ts'
import type { RoomMessage } from './room-message.ts'
import type { RoomParts, RoomSettings } from './room-parts.ts'
import { RoomState } from './room-state.ts'
import { Steps } from './steps.ts'

/** What a room of either kind needs of its definition. */
export type Basics = Pick<Definition, 'stores' | 'data'>

export abstract class AuthorRoom<P extends LivePeer> {
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  readonly settings: RoomSettings
  readonly present: Members<P>
  readonly calls: HandlerCalls
  readonly steps: Steps
  roomLog!: RoomLog
  protected readonly parts: RoomParts
  protected readonly logger: LazyLogger
  protected readonly tally: Tally
  protected readonly state: RoomState
  readonly #data: Basics['data']
  /** No more peers may join. */
  isClosed = false
  /** Nothing is published any more: another room may be open at this path, on the same log. */
  protected isOver = false
  /** It has lost its log. */
  protected isLost = false

  constructor(
    parts: RoomParts,
    path: string,
    params: Record<string, string>,
    settings: RoomSettings,
    definition: Basics,
  ) {
    this.parts = parts
    this.path = path
    this.#data = definition.data
    this.params = params
    this.settings = settings
    this.tally = parts.tallyOf(settings.pattern)
    this.logger = new LazyLogger(parts.logger, path)
    this.present = new Members(parts.clock)
    this.steps = new Steps({
      roomLog: () => this.roomLog,
      call: () => this.calls.current,
      deliver: (frame) => this.deliver(frame),
      restore: (changes) => this.state.restore(changes),
      position: ({ seq }) => ({ seq, offset: offset(this.roomLog.epoch, seq) }),
      internalError: (error) => this.log.error({ err: error }, 'something was not delivered to everyone'),
    })
    this.calls = new HandlerCalls(parts.clock, this.logger, this.steps, parts.mayAct)
    const { calls, steps, logger, tally } = this
    const isOver = () => this.isOver
    this.state = new RoomState({
      path,
      parts,
      settings,
      stores: definition.stores,
      steps,
      calls,
      logger,
      tally,
      isOver,
    })
  }

  /** Whether this server may speak for the room. */
  get mayAct(): boolean {
    return this.calls.mayRun
  }

  /** What `peer.data` begins as. Throws what the author's `data` throws, or a `TypeError` if it is no object. */
  dataOf(who: Who): Notes {
    const data: unknown = this.#data ? this.#data(who) : {}
    if (!isNotes(data)) throw new TypeError(`data: expected it to return an object, got ${show(data)}`)
    return data
  }

  get random(): Random {
    return this.parts.random
  }

  get log(): RoomLogger {
    return this.logger.child
  }

  /** How many peers are members, with every connection of a person counted. */
  get count(): number {
    return this.present.count
  }

  /** Whether a client is a connected member. */
  isHere(client: string | undefined): boolean {
    return this.present.withKey(client)?.isHere === true
  }

  /** How many members are connected now. */
  get connected(): number {
    return this.present.connected
  }

  /** How many ids are members. */
  get size(): number {
    return this.present.size
  }

  get storage(): Storage {
    // The module's schemas give the types, which exist only for its code.
    return this.state.storage as Storage
  }

  get alarms(): RoomAlarms {
    return this.state.alarms
  }

  /** It was elsewhere until now, and not all of its peers may be here again. */
  get isSettling(): boolean {
    return this.parts.isSettling?.(this.path) ?? false
  }

  members(limit = Number.POSITIVE_INFINITY): Present[] {
    return this.present.list(limit)
  }

  peers(id?: string): P[] {
    return id === undefined ? [...this.present.peers()] : this.present.withId(id)
  }

  now(): number {
    return this.parts.clock.now()
  }

  every(ms: number, fn: () => unknown): () => void {
    return this.calls.every(ms, fn)
  }

  after(ms: number, fn: () => unknown): () => void {
    return this.calls.after(ms, fn)
  }

  send(path: string, type: string, data?: unknown, options: { id?: string } = {}): Promise<Answer> {
    const answer = this.#send(path, type, data, options.id)
    // If the module does not await it, a failure is no unhandled rejection.
    answer.catch(() => {})
    return answer
  }

  async #send(path: string, type: string, data: unknown, id: string | undefined): Promise<Answer> {
    if (this.isOver) throw new RoomError('unavailable', 'this room has closed')
    const text = data === undefined ? undefined : json(data)
    const chain = this.calls.current?.owner?.chain
    const message: RoomMessage = {
      from: this.path,
      chain,
      // Only now, and a copy: rooms share no objects.
      ...messageOf({ type, id, data: text && JSON.parse(text) }),
      path,
    }
    return new Promise((resolve, reject) => {
      const send = () => void this.parts.sendToRoom(message).then(resolve, reject)
      this.steps.say({ size: text?.length ?? 0, send, cancelled: reject })
    })
  }

  protected async stop(): Promise<void> {
    this.isClosed = this.isOver = true
    this.calls.endAll()
    this.steps.end()
    // The room may end before its log is open.
    const roomLog: RoomLog | undefined = this.roomLog
    await roomLog?.close()
    this.state.end(this.isLost)
  }

  /** A kept event goes to every peer. */
  protected abstract deliver(frame: Frame): void
}

function isNotes(data: unknown): data is Notes {
  return typeof data === 'object' && data !== null
}
