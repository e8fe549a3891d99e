/** A made-up room for the chat's own code: as large as a test likes, on a time that the test moves. */
import type { Peer, Room } from 'corridor'
import type chat from '../../rooms/chat.ts'

/** A room with as many members as `names`, that records its calls. */
export function madeUpRoom() {
  type Sends = NonNullable<typeof chat.sends>
  type Stores = NonNullable<typeof chat.stores>
  const names: string[] = []
  const broadcasts: { type: string; data: unknown }[] = []
  const sent: unknown[] = []
  const ticks: (() => unknown)[] = []
  const storage = new Map<string, string>()
  const peers = new Map<string, Peer<Sends>[]>()
  let now = Date.UTC(2026, 0, 1)
  let longestList = 0

  const room = {
    get size() {
      return names.length
    },
    members(limit = names.length) {
      longestList = Math.max(longestList, Math.min(limit, names.length))
      return names.slice(0, limit).map((name, i) => ({ id: `p${i}`, name }))
    },
    peers: (id: string) => peers.get(id) ?? [],
    now: () => now,
    storage,
    after: () => () => {},
    every: (_ms: number, fn: () => unknown) => ticks.push(fn),
    broadcast: (type: string, data: unknown) => broadcasts.push({ type, data }),
  } as unknown as Room<Sends, Stores>

  return {
    room,
    names,
    broadcasts,
    sent,
    storage,
    get longestList() {
      return longestList
    },
    /** `resumed`: it was there before the room moved. */
    peer(i: number, resumed = false): Peer<Sends> {
      const peer: Peer<Sends> = {
        id: `p${i}`,
        name: `user${i}`,
        connection: `c${i}`,
        via: 'websocket',
        isMember: true,
        isHere: true,
        resumed,
        claims: undefined,
        data: {},
        send: (_type, data) => void sent.push(data),
        close() {},
      }
      peers.set(peer.id, [peer])
      return peer
    },
    passSecond() {
      now += 1000
      for (const tick of ticks) tick()
    },
  }
}
