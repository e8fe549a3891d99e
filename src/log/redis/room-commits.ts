/**
 * The entries of one room on their way into Redis: gathered in a turn, said as one call, one call at a time. After anything
 * but a clear answer nothing goes on before it is known what became of the call (`settling.ts`). `room.ts` owns it.
 */
import { RoomError } from '../../errors.ts'
import { errorOf } from '../../thrown.ts'
import { idsRefusal } from '../id-limit.ts'
import { type Entry, type IdempotencyKey, isEmpty, type Kept } from '../log.ts'
import { claimCall } from './claims.ts'
import { commitCall, ownerOf, saying } from './commit-call.ts'
import type { CommittingRoom } from './committing-room.ts'
import { EntryQueue } from './entry-queue.ts'
import { Flight } from './flight.ts'
import { RoomCalls } from './kept-calls.ts'
import { bucketOf } from './keys.ts'
import type { Position } from './position.ts'
import { isLasting } from './refusals.ts'
import { count, list, text } from './reply.ts'
import type { RedisRoomParts } from './room-parts.ts'
import { OTHER_LOG, settled } from './settling.ts'
import type { StoredRoom } from './stored-room.ts'
import { tell } from './telling.ts'

/** A voided entry that is older has been answered already: it is not tried again. */
const ANSWERED_MS = 4000

export class RoomCommits {
  readonly path: string
  readonly key: string
  readonly parts: RedisRoomParts
  readonly kept: RoomCalls
  readonly #room: CommittingRoom
  readonly #queue: EntryQueue
  #flight: Flight | undefined
  #at: Position
  /** Of its last event. */
  #seq: number
  #runId: string
  /** As of the last commit. */
  ids: number
  /** Something was kept in this opening. */
  #hasCommitted = false
  #isClosed = false
  /** It was lost, or erased: nobody waits any more. */
  isOver = false
  readonly #onIdle: (() => void)[] = []

  constructor(room: CommittingRoom, { at, seq, runId, ids, claim }: StoredRoom) {
    this.#room = room
    this.path = room.path
    this.key = bucketOf(room.path)
    this.parts = room.parts
    this.#queue = new EntryQueue(room.path, room.parts.logger, room.parts.waits)
    this.kept = new RoomCalls(room.parts.keptCalls, claim && claimCall(claim))
    this.#at = at
    this.#seq = seq
    this.#runId = runId
    this.ids = ids
  }

  get isBehind(): boolean {
    return this.#queue.isBehind
  }

  /** The epoch of the commit that is on its way, if it begins one. */
  get nextEpoch(): string | undefined {
    return this.#flight?.call.to
  }

  /** Where the last commit that was answered stands. */
  get at(): Position {
    return this.#at
  }

  append(entry: Entry): void {
    if (isEmpty(entry)) {
      this.#queue.follow(entry)
      return
    }
    const refusal = this.#refusal(entry.keys)
    if (refusal) {
      entry.failed(refusal)
      return
    }
    this.#queue.add(entry, this.parts.clock.monotonic())
    if (this.#queue.length === 1 && !this.#flight) this.parts.atTurnsEnd(this.#flush)
  }

  /** `runIds`: the runs of Redis that answer now. Another than that of the last commit may have lost some of the room. */
  async checkRun(runIds: readonly string[]): Promise<void> {
    if (runIds.length > 0 && !runIds.includes(this.#runId)) await this.#verify()
  }

  /** Redis does not have what it should have. */
  doubt(reason: string): void {
    if (this.#hasCommitted) void this.#verify()
    else this.#lose(reason)
  }

  /** Takes nothing more. Resolves when all is kept. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#flight || this.#queue.length > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve))
    this.kept.clear()
  }

  /** Gives the room up: it was lost, or erased. */
  giveUp(reason: string): void {
    if (this.isOver) return
    this.isOver = true
    this.#fail(new RoomError('unavailable', reason))
  }

  #refusal(keys: readonly IdempotencyKey[]): RoomError | undefined {
    if (this.#isClosed || this.isOver) return new RoomError('unavailable', 'this room has closed')
    if (this.#flight?.isLate) return new RoomError('unavailable', 'nothing can be kept now, send it again later')
    if (this.#queue.keys.hasAny(keys))
      return new RoomError('unavailable', 'this message is being kept, send it again later')
    return this.parts.refusal() ?? idsRefusal(keys, this.ids + this.#queue.keys.size, this.#room.retention.ids)
  }

  /** Makes sure by a commit of nothing that Redis has all of the room: what it has lost is made again, or the room is lost. */
  async #verify(): Promise<void> {
    if (!this.#hasCommitted || this.#flight || this.#queue.length > 0 || this.#isClosed || this.isOver) return
    const ended = this.#queue.addNothing(this.parts.clock.monotonic())
    this.parts.atTurnsEnd(this.#flush)
    await ended
  }

  #flush = (): void => {
    if (this.#flight || this.isOver) return
    const pending = this.#queue.take()
    if (pending.length === 0) {
      this.#idle()
      return
    }
    const { path, retention, epochs } = this.#room
    const { digests } = this.parts
    const begins = (cleared: readonly number[]) => epochs.begins(cleared)
    const call = commitCall({ path, retention, seq: this.#seq, digests, at: this.#at, begins }, pending)
    this.#flight = new Flight(call, this.#queue, this.parts.clock)
    void this.#say(this.#flight).catch((error: unknown) => this.#lose(`a commit could not be made: ${String(error)}`))
  }

  async #say(flight: Flight): Promise<void> {
    const sinceMs = this.parts.clock.monotonic()
    const said = await this.#send(flight).catch((error: unknown) => errorOf(error))
    // Whoever gave the room up has ended its entries.
    if (this.isOver || said === undefined) return
    if (said instanceof Error) return this.#settle(flight, said)
    const answer = list(said.reply)
    switch (text(answer[0])) {
      case 'ok':
        this.parts.committed((this.parts.clock.monotonic() - sinceMs) / 1000)
        return this.#done(flight, count(answer[1]), count(answer[2]), said.kept)
      case 'dup':
        return this.#refuse(flight, count(answer[1]))
      case 'broken':
        return this.#lose('Redis has lost a part of the room')
      default:
        return this.#settle(flight)
    }
  }

  async #send({ call }: Flight) {
    // Where nothing is known of the room, Redis may have lost the secret, too.
    if (call.from.epoch === '' && !(await this.parts.keepSecret())) return this.#lose(OTHER_LOG)
    return this.parts.durability.commit(this.#runId, this.key, saying(this.path, this.#runId, call, ''))
  }

  async #settle(flight: Flight, error?: Error): Promise<void> {
    if (error) this.parts.failed(error)
    const result = await settled(this, flight.call)
    if (this.isOver) return
    if (result.kind === 'lost') return this.#lose(result.reason)
    this.#runId = result.runId
    switch (result.kind) {
      case 'done':
        return this.#done(flight, result.timeMs, result.ids, this.parts.durability.level(this.#runId))
      case 'again':
        // Nobody waits for a late one: it is voided.
        return flight.isLate ? this.#settle(flight) : this.#say(flight)
      default:
        return this.#voided(flight, isLasting(error))
    }
  }

  /** All of the call is kept. Its entries are told while Redis has the next one, unless it began epochs. */
  #done(flight: Flight, timeMs: number, ids: number, kept: Kept): void {
    const { from, to, rest, bytes, begins, lastSeq } = flight.call
    this.#queue.tell()
    flight.kept()
    this.#flight = undefined
    this.#hasCommitted = true
    this.#at = { epoch: to, number: from.number + 1 }
    this.#seq = lastSeq
    this.ids = ids
    this.kept.add({ from, to, rest, timeMs, bytes })
    this.#queue.tellLater(() => tell(this.#room, this.#queue, flight, timeMs, kept))
    if (begins.length > 0 || this.#queue.length === 0) this.#queue.tell()
    else this.parts.atTurnsEnd(this.#queue.tell)
    this.#flush()
  }

  /** Nothing of the call was kept, nor ever will be. */
  #voided(flight: Flight, isRefused: boolean): void {
    const { from, to } = flight.call
    this.#at = { epoch: from.epoch, number: from.number + 1 }
    this.kept.add({ from, to, rest: [], timeMs: 'void', bytes: 0 })
    this.#back(flight)
    const now = this.parts.clock.monotonic()
    const isAnswered = now - (this.#queue.sinceMs ?? now) > ANSWERED_MS
    if (isRefused || isAnswered) this.#fail(new RoomError('unavailable', 'this could not be kept, send it again later'))
    this.#flush()
  }

  /** One of its ids is kept already: the entries before it are said again, it and those after it fail. */
  #refuse(flight: Flight, index: number): void {
    const { at, key } = ownerOf(flight.call, index)
    this.#back(flight)
    const error = new RoomError('unavailable', 'a message with this id is kept already, send it again')
    if (!flight.isLate) this.#queue.doom(error, at)
    this.#room.refused(key)
    this.#flush()
  }

  #back(flight: Flight): void {
    this.#flight = undefined
    flight.back()
  }

  #lose(reason: string): void {
    if (this.isOver) return
    this.giveUp(`this could not be kept: ${reason}`)
    this.#room.lost(reason)
  }

  /** Ends the entries that wait; if the room is lost, also those that were said. */
  #fail(error: RoomError): void {
    if (this.isOver && this.#flight) this.#back(this.#flight)
    this.#queue.fail(error)
    if (!this.#flight && this.#queue.length === 0) this.#idle()
  }

  #idle(): void {
    for (const resolve of this.#onIdle.splice(0)) resolve()
  }
}
