/**
 * What the rooms have promised to their clients: answers, events, offsets. Each is held to what Redis kept (`room-ledger.ts`):
 * when it is given, and again when all is quiet.
 */
import { offset } from '../../src/log/log.ts'
import type { Dice } from '../support/random.ts'
import type { SimNode } from './node.ts'
import { type Broken, type RoomLedger, textOf } from './room-ledger.ts'

interface Handed {
  readonly epoch: string
  readonly seq: number
  readonly content: string
  readonly losses: number
}

/** So many offsets of a room are tried again later. */
const MOST_OFFSETS = 200
/** The texts of these messages are their first events. */
const SAYS = new Set(['say', 'many', 'wait', 'bell', 'clear'])

export class Promises {
  /** How many answers, and how many of them to messages said again. */
  readonly counts = { acks: 0, duplicates: 0, events: 0, told: 0, offsets: 0, alarms: 0 }
  readonly #broken: Broken
  readonly #dice: Dice
  /** By the room's path: texts that were acknowledged, and the losses before. */
  readonly #acked = new Map<string, Map<string, number>>()
  /** The content of each event by room, epoch and seq. */
  readonly #contents = new Map<string, Map<string, string>>()
  readonly #offsets = new Map<string, Handed[]>()
  readonly #bells = new Map<string, Map<string, number>>()

  constructor(dice: Dice, broken: Broken) {
    this.#dice = dice
    this.#broken = broken
  }

  acked(
    ledger: RoomLedger,
    { id, type, text }: { readonly id: string; readonly type: string; readonly text: string },
    seq: number | undefined,
    isDuplicate: boolean,
  ): void {
    this.counts.acks += 1
    if (isDuplicate) this.counts.duplicates += 1
    if (ledger.isDoubtful) return
    const kept = ledger.texts.get(text)
    const what = `${isDuplicate ? 'the answer to a duplicate' : 'the ack'} of ${type} ${id} (${text})`
    const isKnown = kept !== undefined || (seq !== undefined && ledger.isUnread(seq))
    if (ledger.losses === 0 && !isKnown && type !== 'redact') this.#broken(`${ledger.path}: ${what}: it is not kept`)
    if (SAYS.has(type) && kept !== undefined && seq !== kept && !ledger.isRedacted(kept))
      this.#broken(`${ledger.path}: ${what} says ${seq}, it stands at ${kept}`)
    // Of several steps the first may be kept alone.
    if (type === 'redact' || kept === undefined) return
    of(this.#acked, ledger.path).set(text, ledger.losses)
    if (type === 'bell') of(this.#bells, ledger.path).set(text, ledger.losses)
  }

  handed(ledger: RoomLedger, epoch: string, seq: number, content: string): void {
    this.counts.events += 1
    if (content.startsWith('redacted ')) return
    ledger.delivered(seq, content)
    const contents = of(this.#contents, ledger.path)
    const key = `${epoch} ${seq}`
    const known = contents.get(key)
    if (known !== undefined && known !== content)
      this.#broken(`${ledger.path}: event ${seq} of epoch ${epoch} is ${content}, and was ${known}`)
    if (known === undefined) {
      contents.set(key, content)
      if (contents.size > 2000) contents.delete(contents.keys().next().value ?? '')
      const { text } = textOf(content)
      if (text !== undefined && ledger.losses === 0 && ledger.texts.get(text) !== seq)
        this.#broken(`${ledger.path}: ${content} is delivered as ${seq} and not kept there`)
    }
    if (!this.#dice.oneIn(10)) return
    const isKept = !ledger.isDoubtful && ledger.events.get(seq) === content
    // What was lost before it was delivered is excused by that.
    this.#remember(ledger, { epoch, seq, content, losses: isKept ? ledger.losses : -1 })
  }

  wasTold(_ledger: RoomLedger, _reason: string): void {
    this.counts.told += 1
  }

  /** Nothing acknowledged is lost that no loss explains. */
  checkAcked(ledger: RoomLedger): void {
    if (ledger.isDoubtful) return
    const acked = of(this.#acked, ledger.path)
    for (const [text, losses] of acked) {
      if (losses === ledger.losses && !ledger.texts.has(text)) this.#broken(`${ledger.path}: lost: ${text}`)
    }
    acked.clear()
  }

  /** Every alarm that was set has rung, or is still set: one that has failed is tried again later and later. */
  checkBells(ledger: RoomLedger): void {
    if (ledger.isDoubtful) return
    const bells = of(this.#bells, ledger.path)
    const set = new Set(ledger.alarms)
    for (const [name, losses] of bells) {
      if (losses !== ledger.losses) bells.delete(name)
      else if (ledger.texts.has(`rang ${name}`)) {
        this.counts.alarms += 1
        bells.delete(name)
      } else if (!set.has(name)) this.#broken(`${ledger.path}: lost: the alarm ${name}`)
    }
  }

  /** Every offset that was handed out leads to what it stood for, or is told lost. */
  checkOffsets(ledger: RoomLedger, node: SimNode): void {
    if (ledger.isDoubtful) return
    for (const { epoch, seq, content, losses } of of2(this.#offsets, ledger.path)) {
      const found = node.find(ledger.path, offset(epoch, seq))
      if (!found) return
      this.counts.offsets += 1
      const kept = ledger.events.get(seq)
      if ('lost' in found) {
        if (losses === ledger.losses && seq >= ledger.first && found.lost !== 'trimmed')
          this.#broken(`${ledger.path}: ${seq} of epoch ${epoch} is told ${found.lost}, nothing was lost`)
      } else if (kept !== undefined && kept !== content && !ledger.isRedacted(seq))
        this.#broken(`${ledger.path}: ${seq} of epoch ${epoch} was ${content}, and leads to ${kept}`)
      else if (seq > ledger.seq) this.#broken(`${ledger.path}: ${seq} of epoch ${epoch} leads beyond ${ledger.seq}`)
    }
  }

  #remember(ledger: RoomLedger, handed: Handed): void {
    const all = of2(this.#offsets, ledger.path)
    if (all.length < MOST_OFFSETS) all.push(handed)
    else all[this.#dice.below(MOST_OFFSETS)] = handed
  }
}

function of<V>(maps: Map<string, Map<string, V>>, path: string): Map<string, V> {
  const known = maps.get(path) ?? new Map<string, V>()
  maps.set(path, known)
  return known
}

function of2(lists: Map<string, Handed[]>, path: string): Handed[] {
  const known = lists.get(path) ?? []
  lists.set(path, known)
  return known
}
