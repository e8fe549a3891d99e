/**
 * Judges the bank: what was said and answered, what was heard, and log, storage and alarms as they lie on disk. Each
 * promise that does not hold is one line. `checker.test.ts` plants faults in histories, `faults.test.ts` in servers.
 */
import { fold, type Kept } from './fold.ts'
import { ACCOUNTS, OPENING } from './room.ts'

export interface Spoken {
  /** The name of its speaker and a number: `3.1:17`. */
  readonly key: string
  readonly type: string
  /** The code of a refusal, or `acked`; `undefined`: no answer. */
  readonly outcome: string | undefined
  /** What the ack said. */
  readonly seq?: number | undefined
}

export interface Books {
  readonly said: readonly Spoken[]
  readonly heard: readonly Kept[]
  readonly log: readonly Kept[]
  /** The newest seq that the database knows of. */
  readonly seq: number
  readonly storage: ReadonlyMap<string, unknown>
  readonly alarms: ReadonlySet<string>
}

/** When all is answered. */
export function check(books: Books): string[] {
  return [...standing(books), ...ofAnswers(books)]
}

/** At any moment, of a server that has died. */
export function standing(books: Books): string[] {
  const folded = fold(books.log)
  return [
    ...ofLog(books),
    ...folded.anomalies,
    ...differences('storage', books.storage, folded.storage),
    ...differences('alarms', asMap(books.alarms), asMap(folded.alarms)),
    ...ofSum(books.storage),
    ...ofAcks(books),
    ...ofHeard(books),
  ]
}

function* ofLog({ log, seq: newest }: Books): Iterable<string> {
  let last = (log[0]?.seq ?? newest + 1) - 1
  for (const { seq } of log) {
    if (seq !== last + 1) yield `gap: the log goes from ${last} to ${seq}`
    last = seq
  }
  if (last !== newest) yield `gap: the log ends at ${last}, the room at ${newest}`
}

function* differences(
  what: string,
  found: ReadonlyMap<string, unknown>,
  expected: ReadonlyMap<string, unknown>,
): Iterable<string> {
  for (const key of new Set([...found.keys(), ...expected.keys()])) {
    const [is, was] = [JSON.stringify(found.get(key)), JSON.stringify(expected.get(key))]
    if (is !== was) yield `${what}: ${key} is ${is}, by the log ${was}`
  }
}

function* ofSum(storage: ReadonlyMap<string, unknown>): Iterable<string> {
  let sum = 0
  for (const [key, value] of storage) {
    if (key.startsWith('account/')) sum += Number(value)
    if (key.startsWith('claim/')) sum += (value as { amount: number }).amount
  }
  const expected = (ACCOUNTS.length + 1) * OPENING
  if (sum !== expected) yield `sum: ${sum} instead of ${expected}`
}

/** A refused message did nothing, but for the first part of one that goes on after an `await`. */
function counts({ type, outcome }: Spoken): boolean {
  return outcome === 'acked' || (outcome === 'failed' && type === 'awaited') || isPart(type, outcome)
}

/** Its first part is kept, and the second could not be. */
function isPart(type: string, outcome: string | undefined): boolean {
  return outcome === 'unavailable' && (type === 'awaited' || type === 'transfer')
}

/** What is acknowledged stands, and where the ack said. What is not answered yet may stand, once. */
function* ofAcks({ said, storage, log, seq: newest }: Books): Iterable<string> {
  const expected = new Map<string, { least: number; most: number }>()
  const places = new Map(log.map((event) => [event.seq, event]))
  for (const each of said) {
    const { key, outcome, seq, type } = each
    const speaker = `done/${key.split(':')[0]}`
    const { least, most } = expected.get(speaker) ?? { least: 0, most: 0 }
    const isDone = counts(each)
    const mayBe = isDone || (outcome === undefined && !FAILING.includes(type))
    expected.set(speaker, { least: least + Number(isDone), most: most + Number(mayBe) })
    if (outcome === 'acked' && FAILING.includes(type)) yield `acked: ${key} threw`
    if (outcome !== 'acked' || seq === undefined) continue
    const place = places.get(seq)
    if (seq > newest) yield `lost: ${key} was acked at ${seq}, the log ends at ${newest}`
    else if (place && place.type !== 'redacted' && place.data.key !== key)
      yield `inconsistent: ${key} was acked at ${seq}, where ${place.type} ${place.data.key} stands`
  }
  for (const [speaker, { least, most }] of expected) {
    const handled = Number(storage.get(speaker) ?? 0)
    if (handled < least) yield `lost: ${least - handled} of ${speaker}, of ${least} acknowledged`
    if (handled > most) yield `double: ${handled - most} of ${speaker} more than the ${most} that were said`
  }
}

function* ofAnswers({ said }: Books): Iterable<string> {
  for (const { key, type, outcome } of said) {
    if (outcome === undefined) yield `unanswered: ${key}`
    if (outcome && !['acked', 'failed', 'busy'].includes(outcome) && !isPart(type, outcome))
      yield `refused: ${key}, ${outcome}`
  }
}

const FAILING = ['sync', 'late', 'async']

/** What anyone heard stands, unless it was redacted or cleared since. */
function* ofHeard({ heard, log, seq: newest }: Books): Iterable<string> {
  const places = new Map(log.map((event) => [event.seq, event]))
  for (const { seq, type, data } of heard) {
    const place = places.get(seq)
    if (seq > newest) yield `phantom: ${type} ${data.key} was heard at ${seq}, the log ends at ${newest}`
    else if (place && place.type !== 'redacted' && `${place.type} ${place.data.key}` !== `${type} ${data.key}`)
      yield `inconsistent: ${type} ${data.key} was heard at ${seq}, where ${place.type} ${place.data.key} stands`
  }
}

function asMap(names: ReadonlySet<string>): Map<string, boolean> {
  return new Map([...names].map((name) => [name, true]))
}
