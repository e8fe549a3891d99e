/** What the storage and the alarms of the bank (`room.ts`) must be, by its log: each event says what its step did. */

/** An event as it lies on disk. */
export interface Kept {
  readonly seq: number
  readonly type: string
  // Each type has its own; the room's schemas have checked it.
  readonly data: Readonly<Record<string, unknown>>
}

export interface Balance {
  readonly storage: Map<string, unknown>
  readonly alarms: Set<string>
}

type Step = (balance: Balance, data: Record<string, string> & { amount: number; count: number }) => string | undefined

const add = ({ storage }: Balance, key: string, amount: number) =>
  storage.set(key, Number(storage.get(key) ?? 0) + amount)
const done = (balance: Balance, key: string) => void add(balance, `done/${key.split(':')[0]}`, 1)

const STEPS: Readonly<Record<string, Step>> = {
  moved(balance, { key = '', from, to, amount, alarm }) {
    add(balance, `account/${from}`, -amount)
    add(balance, `account/${to}`, amount)
    if (alarm) balance.alarms.add(alarm)
    return void done(balance, key)
  },
  taken(balance, { key = '', from, to, amount }) {
    add(balance, `account/${from}`, -amount)
    balance.storage.set(`claim/${key}`, { to, amount })
    balance.alarms.add(`give/${key}`)
    return void done(balance, key)
  },
  given(balance, { key, to, amount }) {
    add(balance, `account/${to}`, amount)
    balance.alarms.delete(`give/${key}`)
    return balance.storage.delete(`claim/${key}`) ? undefined : `double: ${key} was given and not taken`
  },
  charged(balance, { key = '' }) {
    add(balance, `account/${key.split('>')[0]}`, -1)
    add(balance, 'account/bank', 1)
    add(balance, 'count/fee', 1)
    return balance.alarms.delete(`fee/${key}`) ? undefined : `alarm: the fee ${key} was taken and not due`
  },
  interest(balance, { count }) {
    add(balance, 'account/bank', -1)
    add(balance, `account/${'abcdefgh'[count % 8]}`, 1)
    return next(balance, 'interest', count)
  },
  audited(balance, { count }) {
    balance.alarms.delete(`audit/${count - 1}`)
    balance.alarms.add(`audit/${count}`)
    return next(balance, 'audit', count)
  },
  corrected: (balance, { key = '' }) => done(balance, key),
  part: (balance, { key = '' }) => done(balance, key),
  wrong: (_, { key }) => `undone: ${key} threw, and what it did stands`,
}

/** An alarm that counts itself: each number once. */
function next(balance: Balance, name: string, count: number): string | undefined {
  const before = Number(balance.storage.get(`count/${name}`) ?? 0)
  balance.storage.set(`count/${name}`, count)
  return count === before + 1 ? undefined : `alarm: ${name} ${count} came after ${before}`
}

/** `anomalies`: what no order of steps explains. */
export function fold(events: readonly Kept[]): Balance & { anomalies: string[] } {
  const anomalies: string[] = []
  const seen = new Set<string>()
  let balance: Balance | undefined
  for (const { seq, type, data } of events) {
    if (type === 'opened' || type === 'swept') {
      if (type === 'opened' && balance) anomalies.push(`opened: a second time, at ${seq}`)
      balance = begun(data.entries as [string, unknown][], data.alarms as string[])
      continue
    }
    const unique = type === 'moved' || type === 'taken' || type === 'part' || type === 'corrected'
    if (unique && seen.has(String(data.key))) anomalies.push(`double: ${data.key} is in the log twice, also at ${seq}`)
    if (unique) seen.add(String(data.key))
    const wrong = balance && STEPS[type]?.(balance, data as Parameters<Step>[1])
    if (wrong) anomalies.push(`${wrong}, at ${seq}`)
  }
  if (!balance) anomalies.push('base: the log holds no balance to begin with')
  return { ...(balance ?? begun([], [])), anomalies }
}

function begun(entries: readonly [string, unknown][], alarms: readonly string[]): Balance {
  return { storage: new Map(entries), alarms: new Set(alarms) }
}
