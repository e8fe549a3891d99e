/**
 * What Redis keeps of one room, read after each step that changed it, and held to the rules: nothing doubled, no hole, the
 * storage equal to the sum of the events. It knows when data was lost, and then excuses what the loss explains.
 */
import { bucketOf } from '../../src/log/redis/keys.ts'
import type { RedisModel } from '../support/redis-model/redis-model.ts'
import { SortedSet } from '../support/redis-model/sorted-set.ts'
import { Stream } from '../support/redis-model/stream.ts'
import { Hash } from '../support/redis-model/values.ts'
import { mustBeListed } from './bucket-listing.ts'
import { Doubt } from './doubt.ts'

/** Reports a broken promise. */
export type Broken = (what: string) => void

/** Who owned a room before. */
export interface Former {
  /** '': nobody. */
  readonly from: string
  /** Who owned it before nobody did. */
  readonly last: string
  /** It has changed by a loss. */
  readonly isExcused: boolean
}

/** Called when the owner of a room has changed. */
export type Moved = (ledger: RoomLedger, former: Former) => void

/** Texts that no step may keep, since it throws. */
const NEVER = /\/never$/

export class RoomLedger {
  readonly path: string
  readonly bucket: string
  /** Content of the events that are kept, by seq. */
  readonly events = new Map<number, string>()
  /** Where each text stands in the log, also if its event was trimmed or cleared since. */
  readonly texts = new Map<string, number>()
  epoch = ''
  seq = 0
  first = 1
  /** Counts the losses: what was promised before one may be gone. */
  losses = 0
  /** The last look found a change. */
  hasChanged = false
  /** When it changed last. */
  changedMs = 0
  /** The node that owns it; '': nobody does. */
  owner = ''
  term = 0
  readonly #model: () => RedisModel
  readonly #broken: Broken
  #number = 0
  #count = 0
  /** The count is that of the last event. */
  #isCounted = true
  /** Events that were kept and cleared at once: what they say is known by their delivery alone. */
  readonly #redacted = new Set<number>()
  readonly #unread = new Set<number>()
  readonly #endedEpochs = new Set<string>()
  readonly #moved: Moved
  /** Who owned it last, if nobody does. */
  #last = ''
  readonly #doubt = new Doubt()
  #mustReadAll = false

  constructor(path: string, model: () => RedisModel, broken: Broken, moved: Moved) {
    this.path = path
    this.bucket = bucketOf(path)
    this.#model = model
    this.#broken = (what) => broken(`${path}: ${what}`)
    this.#moved = moved
  }

  /** The names of alarms that are set. */
  get alarms(): string[] {
    return [...(this.#model().keys.find(this.#key('a'), SortedSet)?.scores.keys() ?? [])]
  }

  /** It may be anything now. */
  get isDoubtful(): boolean {
    return this.#doubt.isThere
  }

  toString(): string {
    const { path, epoch, seq, first, losses, isDoubtful } = this
    return `${path} at ${epoch.slice(-6)} ${this.#number}: ${first} to ${seq}, ${losses} losses${isDoubtful ? ', in doubt' : ''}`
  }

  /** Something of it is about to be lost; `isOne`: one key. */
  lose(isOne: boolean): void {
    this.losses += 1
    if (isOne) this.#doubt.begin(this.epoch)
    else this.#doubt.beginAgain(this.epoch)
    this.#mustReadAll = true
  }

  /** It may be anything from now on, until what is returned is called, and then as `lose` says. */
  hold(): () => void {
    this.lose(true)
    const release = this.#doubt.hold()
    return () => release(this.epoch)
  }

  /** Redis has changed: called after each call that has written, and after losses. */
  look(): void {
    const meta = this.#model().keys.find(this.#key('m'), Hash)?.fields
    // Of a room in which nothing was ever kept nothing is left when it is given up.
    const isNew = !meta && this.epoch === '' && this.seq === 0
    if (isNew) this.term = this.#number = 0
    const isClaim = this.#own(meta?.get('o') ?? '', Number(meta?.get('w') ?? 0))
    const epoch = meta?.get('e') ?? ''
    const number = Number(meta?.get('n') ?? 0)
    this.hasChanged = epoch !== this.epoch || number !== this.#number || this.#mustReadAll
    if (!this.hasChanged) return
    const seq = Number(meta?.get('s') ?? 0)
    const first = Number(meta?.get('f') ?? 1)
    const isOne = this.isDoubtful
    if (this.#doubt.endsWith(epoch, this.term)) this.#mustReadAll = true
    if (!this.isDoubtful) mustBeListed(this.#model().keys, this.bucket, this.path, this.#broken)
    if (this.isDoubtful || this.#mustReadAll) this.#readAll(seq, first, isOne)
    else this.#goOn(epoch, number, seq, first, isClaim)
    this.epoch = epoch
    this.#number = number
    this.seq = seq
    this.first = Math.max(1, first)
    for (const old of this.events.keys()) {
      if (old >= this.first) break
      this.events.delete(old)
    }
  }

  /** An event was delivered. */
  delivered(seq: number, content: string): void {
    const { text } = textOf(content)
    if (this.#unread.delete(seq) && text !== undefined) this.texts.set(text, seq)
  }

  /** An event was kept and cleared at once: nobody could read it. */
  isUnread(seq: number): boolean {
    return this.#unread.has(seq)
  }

  /** Whether an event was redacted. */
  isRedacted(seq: number): boolean {
    return this.#redacted.has(seq)
  }

  /** Returns whether it was claimed. */
  #own(owner: string, term: number): boolean {
    const isExcused = this.isDoubtful || this.#mustReadAll
    const from = this.owner
    const isClaim = term !== this.term
    if (owner === from && !isClaim) return false
    if (!isExcused && term < this.term) this.#broken(`term ${term} after ${this.term}`)
    if (!isExcused && !isClaim && owner !== '' && owner !== this.#last)
      this.#broken(`${owner} owns it with term ${term}, which is ${this.#last}'s`)
    this.owner = owner
    this.term = term
    const last = this.#last
    if (owner !== '') this.#last = owner
    this.#moved(this, { from, last, isExcused })
    return isClaim
  }

  #goOn(epoch: string, number: number, seq: number, first: number, isClaim: boolean): void {
    const isNext = number === this.#number + 1 || (isClaim && number > this.#number)
    if (!isNext && epoch !== '') this.#broken(`commit ${number} after ${this.#number}`)
    if (epoch !== this.epoch) this.#endedEpochs.add(this.epoch)
    if (this.#endedEpochs.has(epoch)) this.#broken(`the epoch ${epoch.slice(-6)} goes on though it has ended`)
    if (seq < this.seq) this.#broken(`seq ${seq} after ${this.seq}, nothing was lost`)
    const added = this.#read(this.seq + 1, seq)
    for (let at = this.seq + 1; at <= seq; at += 1) {
      const content = added.get(at)
      if (content === undefined) {
        if (at >= first && !this.isRedacted(at)) this.#broken(`event ${at} is missing`)
        this.#unread.add(at)
        this.#isCounted = false
        continue
      }
      this.events.set(at, content)
      this.#counts(at, content)
    }
    const stored = this.#stored()
    if (!this.#isCounted) this.#count = stored
    this.#isCounted = true
    if (stored !== this.#count) this.#broken(`the storage has ${stored}, the events make ${this.#count}`)
  }

  #counts(at: number, content: string): void {
    const { text, n } = textOf(content)
    if (content.startsWith('redacted ')) this.#redacted.add(JSON.parse(content.slice(9)).seq)
    if (text === undefined) return
    const known = this.texts.get(text)
    if (known !== undefined) this.#broken(`doubled: ${text} at ${known} and ${at}`)
    if (NEVER.test(text)) this.#broken(`kept though its step threw: ${text}`)
    if (n !== this.#count + 1 && this.#isCounted) this.#broken(`event ${at} counts ${n}, expected ${this.#count + 1}`)
    this.#isCounted = true
    this.#count = n ?? 0
    this.texts.set(text, at)
  }

  /** After a loss: what there is now is what counts. */
  #readAll(seq: number, first: number, isOne: boolean): void {
    this.#mustReadAll = false
    this.#endedEpochs.clear()
    this.events.clear()
    // A state of before it was emptied: what came between is another log's.
    if (isOne || seq > this.seq) this.texts.clear()
    for (const [text, at] of this.texts) if (at > seq) this.texts.delete(text)
    for (const at of this.#unread) if (at > seq) this.#unread.delete(at)
    for (const [at, content] of this.#read(first, seq)) {
      this.events.set(at, content)
      if (content.startsWith('redacted ')) this.#redacted.add(JSON.parse(content.slice(9)).seq)
      const { text } = textOf(content)
      // With a key its ids may be gone: what is said again then may stand there twice.
      if (text !== undefined && !isOne) this.texts.set(text, at)
    }
    this.#count = this.#stored()
  }

  #read(from: number, to: number): Map<number, string> {
    const stream = this.#model().keys.find(this.#key('e'), Stream)
    const found = new Map<number, string>()
    if (!stream || to < from) return found
    for (const { id, fields } of stream.range({ ms: from, seq: 0 }, { ms: to, seq: 0 }))
      found.set(id.ms, `${fields[1]} ${fields[3]}`)
    return found
  }

  #stored(): number {
    return Number(this.#model().keys.find(this.#key('s'), Hash)?.fields.get('count')?.replace(/^\D/, '') ?? 0)
  }

  #key(letter: string): string {
    return `${this.bucket}${letter}${this.path}`
  }
}

/** What an event says: `type data`. */
export function textOf(content: string): { text?: string; n?: number } {
  if (!/^(said|rang) /.test(content)) return {}
  return JSON.parse(content.slice(5))
}
