/** Whether the index of a bucket says of a room what its own keys say, as it does after each script. */
import type { Keyspace } from '../support/redis-model/keyspace.ts'
import { SortedSet } from '../support/redis-model/sorted-set.ts'
import type { Broken } from './room-ledger.ts'

export function mustBeListed(keys: Keyspace, bucket: string, path: string, broken: Broken): void {
  const alarms = keys.find(`${bucket}a${path}`, SortedSet)?.scores.values() ?? []
  const earliest = Math.min(...alarms)
  const listed = keys.find(`${bucket}alarms`, SortedSet)?.scores.get(path) ?? Number.POSITIVE_INFINITY
  if (earliest !== listed) broken(`its first alarm is at ${earliest}, the index has it at ${listed}`)
  const isListed = keys.find(`${bucket}rooms`, SortedSet)?.scores.has(path) === true
  if (!isListed && keys.value(`${bucket}m${path}`)) broken('it is not in the list of rooms')
}
