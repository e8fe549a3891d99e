/**
 * What nodes say to each other through Redis at once, beside their beats: a note, a question whether one lives, a room that
 * has moved. All of it may be lost. Whether this node hears is known from what it says to itself with each beat.
 * `beats.ts` owns it.
 */
import type { Clock } from '../clock.ts'
import type { RedisCalls, Subscription } from '../log/redis/redis-calls.ts'
import type { NodeId } from './link-message.ts'

/** What a node has said to itself comes within this, or it does not hear. */
const HEARS_MS = 2500
/** One that does not hear for so long needs another connection. */
const RENEW_MS = 5000
/** A node that has just started tries so often whether it hears, and for so long: until then others cannot ask it. */
const TRY_MS = { each: 50, most: 2000 }

const ALL = 'corridor:nodes'
const channelOf = (id: NodeId) => `corridor:node:${id}`

export interface ChannelParts {
  readonly self: NodeId
  readonly calls: RedisCalls
  readonly clock: Clock
  /** A note for this node. */
  readonly note: (path: string) => void
  /** A room has moved. */
  readonly moved: (path: string, owner: NodeId, term: number) => void
  /** A node has said that it ends. */
  readonly left: (id: NodeId) => void
  /** It hears what is said to it, from now on. */
  readonly hearing: () => void
  /** A node that has just started asks for the time of all. */
  readonly timeAsked: () => void
}

/** A question, and the word that this node said to itself before it. */
interface Asked {
  readonly before: number
  /** It has heard that word. */
  isHearing: boolean
  readonly answered: () => void
}

export class NodeChannels {
  readonly #parts: ChannelParts
  readonly #subscription: Subscription | undefined
  /** When it last heard itself, and when its connection began. */
  #heardMs = Number.NEGATIVE_INFINITY
  #begunMs: number
  #deafBeats = 0
  /** What it says to itself has a number. */
  #lastSaid = 0
  #cancelTry: (() => void) | undefined
  /** Questions that were asked and are not answered, and what they are answered with. */
  readonly #asked = new Map<NodeId, Asked>()

  constructor(parts: ChannelParts) {
    const { self, calls, clock } = parts
    this.#parts = parts
    this.#begunMs = clock.monotonic()
    this.#subscription = calls.subscribe?.([ALL, channelOf(self)], (_, text) => this.#heard(text))
  }

  /** Whether it hears what is said to it. */
  get hears(): boolean {
    return this.#parts.clock.monotonic() - this.#heardMs <= HEARS_MS
  }

  /** How many answered beats ago it last heard itself: time in which this process or Redis stood still says nothing. */
  get deafBeats(): number {
    return this.#deafBeats
  }

  /** With each beat that is answered. */
  check(): void {
    const { clock } = this.#parts
    const now = clock.monotonic()
    this.#subscription?.revive()
    this.#deafBeats += 1
    if (now - Math.max(this.#heardMs, this.#begunMs) > RENEW_MS) {
      this.#begunMs = now
      this.#subscription?.renew()
    }
    void this.#sayToItself()
    if (this.#subscription) this.#cancelTry ??= clock.after(TRY_MS.each, () => this.#tryAgain(now + TRY_MS.most))
  }

  note(id: NodeId, path: string): void {
    this.#say(channelOf(id), `note ${path}`)
  }

  moved(path: string, owner: NodeId, term: number): void {
    this.#say(ALL, `moved ${owner} ${term} ${path}`)
  }

  left(): void {
    this.#say(ALL, `left ${this.#parts.self}`)
  }

  /** The others beat, and say it so. */
  askTime(): void {
    this.#say(ALL, `time ${this.#parts.self}`)
  }

  /**
   * Asks a node whether it lives. Resolves with whether this node hears what is said from before the question on, to be asked
   * when there is no answer. Rejects if Redis does not take the question.
   */
  async ask(id: NodeId, answered: () => void): Promise<() => boolean> {
    const asked: Asked = { before: this.#lastSaid + 1, isHearing: false, answered }
    this.#asked.set(id, asked)
    await this.#sayToItself()
    await this.#parts.calls.command('PUBLISH', channelOf(id), `ask ${this.#parts.self}`)
    return () => asked.isHearing
  }

  /** Nobody waits for its answer any more. */
  unask(id: NodeId): void {
    this.#asked.delete(id)
  }

  end(): void {
    this.#cancelTry?.()
    this.#subscription?.end()
  }

  #heard(text: string): void {
    const { self, note, moved, left, timeAsked } = this.#parts
    const [, kind = '', rest = ''] = /^(\w+) ?(.*)$/s.exec(text) ?? []
    if (kind === 'self') this.#heardItself(Number(rest))
    if (kind === 'ask') this.#say(channelOf(rest), `here ${self}`)
    if (kind === 'here') this.#asked.get(rest)?.answered()
    if (kind === 'note') note(rest)
    if (kind === 'left') left(rest)
    if (kind === 'time' && rest !== self) timeAsked()
    const [, owner, term, path] = kind === 'moved' ? (/^(\S+) (\d+) (.*)$/s.exec(rest) ?? []) : []
    if (owner !== undefined && path !== undefined && owner !== self) moved(path, owner, Number(term))
  }

  /** Its connection may not have been there when it said something to itself. */
  #tryAgain(untilMs: number): void {
    const { clock } = this.#parts
    if (this.#heardMs > Number.NEGATIVE_INFINITY || clock.monotonic() > untilMs) return
    void this.#sayToItself()
    this.#cancelTry = clock.after(TRY_MS.each, () => this.#tryAgain(untilMs))
  }

  /** Resolves when Redis has it, or has failed. */
  async #sayToItself(): Promise<void> {
    this.#lastSaid += 1
    await this.#parts.calls.command('PUBLISH', channelOf(this.#parts.self), `self ${this.#lastSaid}`).catch(() => {})
  }

  #heardItself(said: number): void {
    for (const asked of this.#asked.values()) asked.isHearing ||= asked.before === said
    const { clock, hearing } = this.#parts
    const isNew = !this.hears
    this.#heardMs = clock.monotonic()
    this.#deafBeats = 0
    if (isNew) hearing()
  }

  #say(channel: string, text: string): void {
    this.#parts.calls.command('PUBLISH', channel, text).catch(() => {})
  }
}
