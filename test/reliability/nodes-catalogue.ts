/** The chapter of the catalogue on nodes that share a Redis. */
import { type Chapter, entry } from './entry.ts'

export const NODES: Chapter = {
  title: 'Several nodes',
  entries: [
    entry(
      'ND1',
      'nodes that are killed, stopped, frozen, cut off from each other or from Redis, and a Redis that fails, under speakers and listeners at each node: each for itself, and at random one after the other',
      'nothing acknowledged is lost or doubled, one order on all nodes, no gap that is not told',
    ),
    entry(
      'ND2',
      'kill -9 of the owner of 1,000 rooms, of 10,000 rooms',
      'rooms with waiting messages go on within 1.5 s and 2 s, all within 15 s',
    ),
    entry('ND3', 'the machine of the owner of 1,000 rooms is lost, without a word', 'all rooms go on within 12 s'),
    entry('ND4', 'SIGTERM to the owner of 1,000 rooms', 'nobody waits for more than 500 ms'),
    entry(
      'ND5',
      'three nodes that are restarted one after the other, at 60 % of the load they can take',
      'nothing lost, nothing doubled, everyone is answered',
    ),
    entry(
      'ND6',
      'the cost of peers on another node than their room',
      'CPU of the owner for each event at most 0.03 of what peers of its own cost; memory of a peer at most 1.2 times, CPU of a message at most 2.2 times',
    ),
    entry(
      'ND9',
      'the cost of an edge for a room that is open on its own node',
      'CPU of a write at most 1.25 times, of a join without its socket at most 2 times what it is without an edge',
    ),
  ],
}
