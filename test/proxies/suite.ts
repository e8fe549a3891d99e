/** What every proxy must do with the files that ship. A test file of three lines runs this for each. */
import { describeBalance } from './balance.ts'
import { describeDesync } from './desync.ts'
import { describeFrames } from './frames.ts'
import { describePath } from './path.ts'
import type { ProxyKind } from './proxy.ts'
import { describeReloads } from './reloads.ts'
import { describeShards } from './shards.ts'
import { describeSocketIo } from './socketio.ts'
import { describeTrust } from './trust.ts'

export function describeProxy(kind: ProxyKind): void {
  describePath(kind)
  describeTrust(kind)
  describeShards(kind)
  describeBalance(kind)
  describeSocketIo(kind)
  describeReloads(kind)
  describeDesync(kind)
  describeFrames(kind)
}
