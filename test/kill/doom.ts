/** When a server kills itself: at the `AFTER`-th passing of the point `POINT`, both from its environment. */
import type { Entry } from '../../src/log/log.ts'

const { POINT = '', AFTER = '1' } = process.env
// Each thread counts its own.
const passings = { left: Number(AFTER) }

/** Whether this passing of a point is the one to die at. */
export function isLast(...points: readonly string[]): boolean {
  if (!points.includes(POINT)) return false
  passings.left -= 1
  return passings.left === 0
}

/** The same of a point on the way of an entry; `redact:commit` is that of an entry which redacts. */
export function isLastOf(entry: Entry, point: string): boolean {
  return isLast(point, ...kindsOf(entry).map((kind) => `${kind}:${point}`))
}

export function die(): void {
  process.kill(process.pid, 'SIGKILL')
}

function kindsOf({ changes = {} }: Entry): string[] {
  const { storage, alarms, redacted, clearsHistory } = changes
  const times = [...(alarms?.values() ?? [])]
  return [
    ...(storage ? ['storage'] : []),
    ...(times.some((at) => at !== undefined) ? ['alarm-set'] : []),
    ...(times.includes(undefined) ? ['alarm-over'] : []),
    ...(redacted ? ['redact'] : []),
    ...(clearsHistory ? ['clear'] : []),
  ]
}
