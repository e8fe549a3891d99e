/**
 * Judges a history: what was sent, what was answered, what each subscriber received, and the log in the end. Every promise
 * that does not hold is one line. The names of the anomalies follow Jepsen's of logs (lost write, duplicate, gap,
 * inconsistent offset). `recorder.ts` writes histories down; the checker itself is tested with planted faults.
 */

/** A message that was sent. Its `key` is unique, and its event carries it. */
export interface Said {
  readonly key: string
  readonly outcome: 'acked' | 'refused' | 'unanswered'
  /** What the ack said. */
  readonly seq?: number | undefined
}

/** What a subscriber received, in order, on all its connections. */
export type Heard =
  | { readonly kind: 'welcome'; readonly asked: boolean; readonly resumed: boolean | undefined; readonly seq: number }
  | { readonly kind: 'event'; readonly seq: number; readonly key: string }
  | { readonly kind: 'reset'; readonly seq: number }

export interface Entry {
  readonly seq: number
  readonly key: string
}

export interface History {
  readonly said: readonly Said[]
  readonly heard: ReadonlyMap<string, readonly Heard[]>
  /** The log as it lies on disk in the end: all that is kept. */
  readonly log: readonly Entry[]
}

export interface Verdict {
  readonly acked: number
  readonly delivered: number
  readonly resumed: number
  /** How many subscribers were notified that events are missing. */
  readonly told: number
  readonly anomalies: string[]
}

export function check(history: History): Verdict {
  const all = [...history.heard.values()].flat()
  const welcomes = all.filter((heard) => heard.kind === 'welcome')
  const resets = all.filter(({ kind }) => kind === 'reset')
  return {
    acked: history.said.filter(({ outcome }) => outcome === 'acked').length,
    delivered: all.filter(({ kind }) => kind === 'event').length,
    resumed: welcomes.filter(({ asked, resumed }) => asked && resumed).length,
    told: welcomes.filter(({ asked, resumed }) => asked && resumed === false).length + resets.length,
    anomalies: [...ofLog(history), ...ofAcks(history), ...ofDeliveries(history)],
  }
}

/** The log: no hole, nothing twice, nothing that nobody said. */
function ofLog({ said, log }: History): string[] {
  const anomalies: string[] = []
  const known = new Set(said.map(({ key }) => key))
  const seqs = new Map<string, number>()
  let last = (log[0]?.seq ?? 1) - 1
  for (const { seq, key } of log) {
    if (seq !== last + 1) anomalies.push(`gap: the log goes from ${last} to ${seq}`)
    if (!known.has(key)) anomalies.push(`phantom: ${key} at ${seq} was never said`)
    const before = seqs.get(key)
    if (before !== undefined) anomalies.push(`double: ${key} is in the log at ${before} and at ${seq}`)
    seqs.set(key, seq)
    last = seq
  }
  return anomalies
}

/** Every ack: its event stands where the ack said, or was trimmed after somebody heard it there. */
function ofAcks(history: History): string[] {
  const anomalies: string[] = []
  const log = new Map(history.log.map(({ seq, key }) => [key, seq]))
  const first = history.log[0]?.seq ?? Number.POSITIVE_INFINITY
  const heard = new Map<string, number>()
  for (const frames of history.heard.values())
    for (const frame of frames) if (frame.kind === 'event') heard.set(frame.key, frame.seq)
  for (const { key, outcome, seq } of history.said) {
    if (outcome === 'unanswered') anomalies.push(`unanswered: ${key}`)
    if (outcome !== 'acked') continue
    const at = log.get(key) ?? (seq !== undefined && seq < first ? heard.get(key) : undefined)
    if (at === undefined) anomalies.push(`lost: ${key} was acked at ${seq} and is not in the log`)
    else if (at !== seq) anomalies.push(`inconsistent: ${key} was acked at ${seq} and stands at ${at}`)
  }
  return anomalies
}

/** Every subscriber: the log's order, each event once, to the end; or a notice that some are missing. */
function ofDeliveries({ heard, log }: History): string[] {
  const order = new Map(log.map(({ seq, key }) => [seq, key]))
  const end = log.at(-1)?.seq ?? 0
  return [...heard].flatMap(([name, frames]) => ofSubscriber(frames, order, end).map((text) => `${text} (${name})`))
}

function ofSubscriber(frames: readonly Heard[], order: Map<number, string>, end: number): string[] {
  const anomalies: string[] = []
  /** The newest event it has; `undefined`: the next may be any. */
  let last: number | undefined
  let newest = 0
  for (const frame of frames) {
    if (frame.kind === 'welcome') {
      if (frame.asked && frame.resumed === undefined) anomalies.push('silent: asked to resume and was not told')
      if (!frame.asked || frame.resumed === false) last = undefined
      // Nothing is kept yet: the first must come.
      if (!frame.asked && frame.seq === 0) last = 0
      continue
    }
    if (frame.kind === 'reset') {
      last = undefined
      continue
    }
    const { seq, key } = frame
    if (last !== undefined && seq > last + 1) anomalies.push(`gap: heard ${last} and then ${seq}`)
    if (last !== undefined && seq === last) anomalies.push(`double: heard ${seq} twice`)
    if (last !== undefined && seq < last) anomalies.push(`order: heard ${last} and then ${seq}`)
    const kept = order.get(seq)
    if (kept === undefined) order.set(seq, key)
    else if (kept !== key) anomalies.push(`inconsistent: heard ${key} at ${seq}, where others have ${kept}`)
    last = seq
    newest = Math.max(newest, seq)
  }
  if (newest < end) anomalies.push(`unheard: the log ends at ${end}, heard up to ${newest}`)
  return anomalies
}
