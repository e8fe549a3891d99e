/**
 * What this node knows of the others: each second it beats in Redis, reads how the others do, and takes the notes left for
 * it. `sightings.ts` finds out who is dead, `proof.ts` whether this node may speak for its rooms. Links and ownership ask
 * it (`roster.ts`).
 */
import type { LogWarning } from '../log/log.ts'
import { NODES_KEY } from '../log/redis/keys.ts'
import { beat, NOTES_EACH } from '../log/redis/scripts/beat.ts'
import { note } from '../log/redis/scripts/note.ts'
import { BEAT_MS, BeatLoop } from './beat-loop.ts'
import { type BeatReply, readBeat } from './beat-reply.ts'
import type { BeatsParts } from './beats-parts.ts'
import { CommonTime } from './common-time.ts'
import { guardedEvents } from './guarded-events.ts'
import { LifeQuestions } from './life-questions.ts'
import type { NodeId } from './link-message.ts'
import type { DialFailure } from './network.ts'
import { NodeChannels } from './node-channels.ts'
import { NodeWarnings } from './node-warnings.ts'
import { NoteInbox } from './note-inbox.ts'
import { OwnNode } from './own-node.ts'
import { Proof } from './proof.ts'
import { Reaches } from './reaches.ts'
import { RedisClock } from './redis-clock.ts'
import { Removals } from './removals.ts'
import type { NodeEntry, Roster, RosterEvents } from './roster.ts'
import { type BeatTimes, IN_TIME_MS, Sightings } from './sightings.ts'

export class Beats implements Roster {
  readonly self: NodeId
  readonly #parts: BeatsParts
  readonly #events: RosterEvents
  readonly #own: OwnNode
  readonly #sightings = new Sightings()
  readonly #removals: Removals
  readonly #notes = new NoteInbox()
  readonly #reaches = new Reaches(this.#sightings)
  readonly #warnings: NodeWarnings
  readonly #proof: Proof
  readonly #time = new CommonTime()
  readonly #redisClock: RedisClock
  readonly #loop: BeatLoop
  readonly #channels: NodeChannels
  readonly #questions: LifeQuestions
  #isCutOff = false
  #hasEnded = false
  #endTicks = () => {}

  constructor(parts: BeatsParts) {
    const { clock, random, logger } = parts
    this.#parts = parts
    this.self = random.bytes(16).toString('base64url')
    this.#own = new OwnNode(this.self, parts)
    this.#events = guardedEvents(parts.events, logger)
    this.#warnings = new NodeWarnings(logger)
    this.#removals = new Removals(parts, this.#sightings)
    this.#redisClock = new RedisClock(clock)
    this.#proof = new Proof({ monotonic: () => clock.monotonic(), others: this.#sightings })
    this.#loop = new BeatLoop({
      clock,
      beat: () => this.#beat(),
      dueMs: () => Math.min(this.#sightings.nextDeathMs, this.#time.dueMs),
    })
    this.#channels = this.#newChannels()
    this.#questions = new LifeQuestions({
      clock,
      channels: this.#channels,
      isDead: (id) => this.isDead(id),
      sightings: this.#sightings,
      beat: () => this.#loop.anew(),
    })
  }

  /** Begins, once others can reach this node at `address`. Resolves with whether Redis has answered the first beat. */
  start(address: string): Promise<boolean> {
    this.#own.say({ address })
    this.#endTicks = this.#parts.clock.every(BEAT_MS, () => this.#tick())
    return this.#loop.start()
  }

  /** The configuration has changed, or it ends and takes no more rooms. Resolves with whether Redis has answered in time. */
  say(said: Partial<Pick<NodeEntry, 'configHash' | 'modulesHash' | 'isDraining'>>): Promise<boolean> {
    this.#own.say(said)
    return this.#loop.anew()
  }

  /** Its rooms are given up: others need not wait until it is found dead. */
  async end(): Promise<void> {
    this.#hasEnded = true
    this.#endTicks()
    const beaten = this.#loop.end()
    if (this.#own.isKept && (await this.#removals.own(this.self, beaten))) this.#channels.left()
    this.#channels.end()
  }

  timeAt(monotonicMs: number): number {
    return this.#time.at(monotonicMs)
  }

  get timeKnown(): Promise<void> {
    return this.#time.known
  }

  get(id: NodeId): NodeEntry | undefined {
    return id === this.self ? this.#own.entry : this.#sightings.get(id)
  }

  *all(): Iterable<NodeEntry> {
    yield this.#own.entry
    yield* this.#sightings.living()
  }

  isDead(id: NodeId): boolean {
    if (id === this.self) return false
    const state = this.#sightings.state(id, this.#own.beats)
    if (state === 'unknown') this.#loop.soon()
    return state === 'dead'
  }

  movedMs(id: NodeId): number | undefined {
    return this.#sightings.movedMs(id)
  }

  get hasProof(): boolean {
    return this.#proof.holds
  }

  get redisAgeMs(): number {
    return this.#proof.redisAgeMs
  }

  get warnings(): readonly LogWarning[] {
    return this.#warnings.current
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

  heard(id: NodeId, redisAgeMs: number): void {
    this.#proof.heard(id, redisAgeMs)
  }

  ended(id: NodeId): void {
    this.#proof.ended(id)
    this.#sightings.left(id)
    this.#loop.soon()
  }

  dialled(id: NodeId, failure: DialFailure | undefined): void {
    this.#reaches.dialled(id, failure === undefined, this.#parts.clock.monotonic())
    if (failure === 'refused') void this.answers(id)
  }

  async #beat(): Promise<boolean> {
    const { calls, clock } = this.#parts
    const sentMs = clock.monotonic()
    const { hears } = this.#channels
    this.#own.say({ hears, cannotReach: this.#reaches.unreached(), knowsTime: this.#time.isSure })
    const said = { timeMs: this.#time.said(sentMs), redis: this.#redisClock.expected }
    const { number, args } = this.#own.next(said, this.#notes.confirmation)
    try {
      const reply = readBeat(await calls.run(beat, NODES_KEY, args))
      if (!this.#hasEnded) this.#read(reply, { number, sentMs, answeredMs: clock.monotonic() })
      return clock.monotonic() - sentMs <= IN_TIME_MS
    } catch {
      // `health-beat.ts` reports what is wrong with Redis.
      this.#sightings.startAnew(clock.monotonic())
      this.#time.failed()
      return false
    }
  }

  #read(reply: BeatReply, times: BeatTimes): void {
    const { answeredMs } = times
    const isKept = this.#own.answered(times.number, reply)
    this.#isCutOff = false
    this.#redisClock.said(reply.redisMs, times)
    // Others may have taken rooms since: it speaks for none before it has made sure of all.
    if (this.#proof.holds) this.#proof.answered(times.sentMs)
    else void this.#events.regained().then(() => this.#proof.answered(times.sentMs))
    this.#notes.read(reply.notes, answeredMs)
    if (reply.notes.length === NOTES_EACH) this.#loop.soon()
    const known = new Set([...this.all()].map(({ id }) => id))
    const others = new Map([...reply.nodes].filter(([id]) => id !== this.self))
    const died = this.#sightings.answered(times, others)
    this.#time.answered({ ...times, ...reply, isAlone: !this.#sightings.canTellTime })
    if (!this.#time.isSure) this.#channels.askTime()
    const living = [...this.#sightings.living()]
    const [{ deafBeats }, { aheadMs }] = [this.#channels, this.#redisClock]
    this.#warnings.update({ own: this.#own.entry, others: living, kept: others, deafBeats, aheadMs })
    if (isKept) for (const path of this.#notes.fresh(answeredMs)) this.#events.verify(path)
    else this.#events.verifyAll()
    for (const id of died) this.#events.died(id)
    // So that it is known early who cannot be reached.
    for (const { id } of living) if (!known.has(id)) this.#events.linkWanted(id)
    this.#removals.dead(answeredMs)
    this.#channels.check()
  }

  #tick(): void {
    const reach = this.#proof.tick()
    const wanted = new Set(this.#reaches.due(this.#parts.clock.monotonic()))
    if (this.redisAgeMs > 2 * BEAT_MS) for (const id of this.#proof.unheard()) wanted.add(id)
    for (const id of wanted) if (this.#sightings.get(id)) this.#events.linkWanted(id)
    if (reach !== 'alone' || this.#isCutOff || this.hasProof) return
    this.#isCutOff = true
    this.#events.cutOff()
  }

  #newChannels(): NodeChannels {
    const { calls, clock } = this.#parts
    return new NodeChannels({
      self: this.self,
      calls,
      clock,
      note: (path) => {
        this.#notes.heard(path, clock.monotonic())
        this.#events.verify(path)
      },
      moved: (path, owner, term) => {
        // Others may use this Redis too.
        if (this.#sightings.get(owner)) this.#events.moved(path, owner, term)
      },
      hearing: () => this.#loop.soon(),
      timeAsked: () => {
        if (this.#time.isSure) this.#loop.soon()
      },
      left: (id) => this.ended(id),
    })
  }
}
