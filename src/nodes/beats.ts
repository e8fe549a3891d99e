/**
 * What this node knows of the others: each second it beats in Redis, reads how the others do, and takes the notes left for
 * it. `sightings.ts` finds out who is dead, `proof.ts` whether this node may speak for its rooms. Links and ownership ask
 * it (`roster.ts`).
 */
import type { Clock } from '../clock.ts'
import type { RoomLogger } from '../define.ts'
import { eachGuarded } from '../guarded.ts'
import { NODES_KEY } from '../log/redis/keys.ts'
import type { RedisCalls } from '../log/redis/redis-calls.ts'
import { beat, NOTES_EACH } from '../log/redis/scripts/beat.ts'
import { note } from '../log/redis/scripts/note.ts'
import { removeNode } from '../log/redis/scripts/remove-node.ts'
import type { Random } from '../random.ts'
import { errorOf } from '../thrown.ts'
import { within } from '../within.ts'
import { BEAT_MS, BeatLoop } from './beat-loop.ts'
import { type BeatReply, readBeat } from './beat-reply.ts'
import { LifeQuestions } from './life-questions.ts'
import type { NodeId } from './link-message.ts'
import { NodeChannels } from './node-channels.ts'
import { saidText } from './node-field.ts'
import { NoteInbox } from './note-inbox.ts'
import { Proof } from './proof.ts'
import { RedisTime } from './redis-time.ts'
import type { NodeEntry, Roster, RosterEvents } from './roster.ts'
import { IN_TIME_MS, Sightings } from './sightings.ts'

/** A dead node is removed from Redis after so long. */
const REMOVE_MS = 60_000
/** A node that ends waits so long for Redis. */
const LEAVE_MS = 1000

export interface BeatsParts {
  readonly calls: RedisCalls
  readonly clock: Clock
  readonly random: Random
  readonly logger: RoomLogger
  /** Of the links. */
  readonly protocol: number
  readonly configHash: string
  readonly version: string
  readonly events: RosterEvents
}

export class Beats implements Roster {
  readonly self: NodeId
  readonly #parts: BeatsParts
  readonly #sightings = new Sightings()
  readonly #notes = new NoteInbox()
  readonly #proof: Proof
  readonly #time: RedisTime
  readonly #loop: BeatLoop
  readonly #channels: NodeChannels
  readonly #questions: LifeQuestions
  #own: NodeEntry
  /** How many beats were sent, and the last that was answered. */
  #counter = 0
  #answered = 0
  #runId = ''
  #isCutOff = false
  #hasEnded = false
  #endTicks = () => {}

  constructor(parts: BeatsParts) {
    const { clock, random, protocol, configHash, version } = parts
    this.#parts = parts
    this.self = random.bytes(16).toString('base64url')
    this.#time = new RedisTime(clock)
    this.#proof = new Proof({ monotonic: () => clock.monotonic(), others: () => this.#sightings.living() })
    this.#loop = new BeatLoop({ clock, beat: () => this.#beat(), dueMs: () => this.#sightings.nextDeathMs })
    this.#channels = this.#newChannels()
    this.#questions = new LifeQuestions({
      clock,
      channels: this.#channels,
      isDead: (id) => this.isDead(id),
      get: (id) => this.#sightings.get(id),
      counterOf: (id) => this.#sightings.counterOf(id),
      beat: () => this.#loop.anew(),
    })
    const said = { protocol, configHash, version, address: '', isDraining: false, hears: false }
    this.#own = { ...said, id: this.self, startedMs: 0 }
  }

  /** Begins, once others can reach this node at `address`. Resolves with whether Redis has answered the first beat. */
  start(address: string): Promise<boolean> {
    this.#own = { ...this.#own, address }
    this.#endTicks = this.#parts.clock.every(BEAT_MS, () => this.#tick())
    return this.#loop.start()
  }

  /** From now on no room is handed to this node. */
  drain(): void {
    this.#own = { ...this.#own, isDraining: true }
    this.#loop.soon()
  }

  /** Its rooms are given up: others need not wait until it is found dead. */
  async end(): Promise<void> {
    const { calls, clock } = this.#parts
    this.#hasEnded = true
    this.#endTicks()
    const beaten = this.#loop.end()
    const leave = async () => {
      await beaten
      await calls.run(removeNode, NODES_KEY, [this.self, ''])
      this.#channels.left()
    }
    const ended = this.#answered > 0 ? leave().catch(() => {}) : Promise.resolve()
    await within(clock, LEAVE_MS, ended, () => {})
    this.#channels.end()
  }

  redisNow(): number {
    return this.#time.now()
  }

  get(id: NodeId): NodeEntry | undefined {
    return id === this.self ? this.#own : this.#sightings.get(id)
  }

  *all(): Iterable<NodeEntry> {
    yield this.#own
    yield* this.#sightings.living()
  }

  isDead(id: NodeId): boolean {
    if (id === this.self) return false
    const state = this.#sightings.state(id, this.#counter)
    if (state === 'unknown') this.#loop.soon()
    return state === 'dead'
  }

  get hasProof(): boolean {
    return this.#proof.holds
  }

  get redisAgeMs(): number {
    return this.#proof.redisAgeMs
  }

  answers(id: NodeId): Promise<boolean> {
    return this.#questions.answers(id)
  }

  async leaveNote(id: NodeId, path: string): Promise<void> {
    await this.#parts.calls.run(note, NODES_KEY, [id, path])
    this.#channels.note(id, path)
  }

  announce(path: string, owner: NodeId, term: number): void {
    this.#channels.moved(path, owner, term)
  }

  /** Another node says how long ago Redis answered it. */
  heard(id: NodeId, redisAgeMs: number): void {
    this.#proof.heard(id, redisAgeMs)
  }

  async #beat(): Promise<boolean> {
    const { calls, clock } = this.#parts
    const sentMs = clock.monotonic()
    this.#counter += 1
    const number = this.#counter
    const started = this.#own.startedMs === 0 ? '' : this.#own.startedMs
    this.#own = { ...this.#own, hears: this.#channels.hears }
    const args = [this.self, number, started, saidText(this.#own), ...this.#notes.confirmation]
    try {
      const reply = readBeat(await calls.run(beat, NODES_KEY, args))
      if (!this.#hasEnded) this.#read(reply, { number, sentMs, answeredMs: clock.monotonic() })
      return clock.monotonic() - sentMs <= IN_TIME_MS
    } catch {
      // `health-beat.ts` reports what is wrong with Redis.
      this.#sightings.startAnew(clock.monotonic())
      return false
    }
  }

  #read(reply: BeatReply, times: { number: number; sentMs: number; answeredMs: number }): void {
    const { events } = this.#parts
    const { answeredMs } = times
    const wasKept = this.#wasKept(reply)
    this.#answered = times.number
    this.#runId = reply.runId
    this.#isCutOff = false
    this.#time.said(reply.redisMs)
    this.#proof.answered(times.sentMs)
    const startedMs = reply.nodes.get(this.self)?.entry.startedMs ?? 0
    if (startedMs > 0) this.#own = { ...this.#own, startedMs }
    this.#notes.read(reply.notes, answeredMs)
    if (reply.notes.length === NOTES_EACH) this.#loop.soon()
    const others = new Map([...reply.nodes].filter(([id]) => id !== this.self))
    const died = this.#sightings.answered(times, others)
    if (wasKept) this.#each(this.#notes.fresh(answeredMs), (path) => events.verify(path))
    else this.#each([undefined], () => events.verifyAll())
    this.#each(died, (id) => events.died(id))
    this.#remove(answeredMs)
    this.#channels.check()
  }

  /** Whether Redis has what it had when this node last heard of it: notes too. */
  #wasKept({ was, runId }: BeatReply): boolean {
    if (this.#answered === 0) return true
    return runId === this.#runId && was !== '' && Number(was) >= this.#answered
  }

  #remove(nowMs: number): void {
    for (const { id, counter } of this.#sightings.deadFor(REMOVE_MS, nowMs))
      this.#parts.calls.run(removeNode, NODES_KEY, [id, counter]).catch(() => {})
  }

  #tick(): void {
    const { events } = this.#parts
    const reach = this.#proof.tick()
    if (this.redisAgeMs > 2 * BEAT_MS) this.#each(this.#proof.unheard(), (id) => events.linkWanted(id))
    if (reach !== 'alone' || this.#isCutOff || this.hasProof) return
    this.#isCutOff = true
    this.#each([undefined], () => events.cutOff())
  }

  #newChannels(): NodeChannels {
    const { calls, clock, events } = this.#parts
    return new NodeChannels({
      self: this.self,
      calls,
      clock,
      note: (path) => {
        this.#notes.heard(path, clock.monotonic())
        this.#each([path], (each) => events.verify(each))
      },
      moved: (path, owner, term) => {
        // Others may use this Redis too.
        if (this.#sightings.get(owner)) this.#each([path], () => events.moved(path, owner, term))
      },
      hearing: () => this.#loop.soon(),
      left: (id) => {
        this.#sightings.left(id)
        this.#loop.soon()
      },
    })
  }

  #each<T>(items: Iterable<T>, work: (item: T) => void): void {
    eachGuarded(items, work, (error) =>
      this.#parts.logger.error({ err: errorOf(error) }, 'what was heard of other nodes could not be handled'),
    )
  }
}
