/** Peers in a process of their own, which a test may stop as a machine that hangs: `node crowd.ts URL COUNT`. */
import { BarePeer } from './bare-peer.ts'

const [url = '', count = '1'] = process.argv.slice(2)
const peers = await Promise.all(Array.from({ length: Number(count) }, () => BarePeer.open(url)))
process.stdout.write('open\n')
for (const [index, peer] of peers.entries())
  void peer.closed(600_000).then((code) => process.stdout.write(`${index} closed with ${code}\n`))
