/**
 * Many rooms that live on one node, each with a peer on another node: what becomes of all of them when something happens to
 * their owner. A peer says a message until it is acknowledged, at once again after a welcome, and watches the order.
 */
import { RawPeer } from '../kill/raw-peer.ts'
import { patiently } from '../support/patience.ts'
import type { NodeProcess } from './node-process.ts'

const AGAIN_MS = 50
/** Rooms that are opened, and peers that come in, at once. */
const AT_ONCE = 100

export class RoomPeer {
  /** When the newest event, and the last welcome, came. */
  eventMs = 0
  welcomeMs = 0
  welcomes = 0
  /** Of each acknowledged message: from the first time it was said until its ack. */
  readonly waitsMs: number[] = []
  readonly anomalies: string[] = []
  readonly entered: Promise<void>
  /** Called at each ack. */
  acked = () => {}
  hasClosed = false
  readonly #name: string
  readonly #peer: RawPeer
  #seq = 0
  #count = 0
  #unanswered: { readonly id: string; readonly saidMs: number } | undefined

  constructor(node: NodeProcess, path: string, name: string) {
    const { host, port } = node.place
    const welcomed = Promise.withResolvers<void>()
    this.#name = name
    this.entered = welcomed.promise
    this.#peer = new RawPeer(port, `${path}?client=${name}`, (text) => this.#hear(text, welcomed.resolve), { host })
    void this.#peer.closed.then(() => {
      this.hasClosed = true
    })
  }

  get isWaiting(): boolean {
    return this.#unanswered !== undefined
  }

  say(): void {
    this.#count += 1
    this.#unanswered = { id: `${this.#name}:${this.#count}`, saidMs: performance.now() }
    this.#send()
  }

  leave(): void {
    this.#peer.end()
  }

  #send(): void {
    if (!this.#unanswered) return
    const { id } = this.#unanswered
    this.#peer.send(`{"type":"say","data":{"text":"${id}"},"id":"${id}"}`)
  }

  #hear(text: string, welcomed: () => void): void {
    const now = performance.now()
    if (text.startsWith('{"type":"said"')) {
      const seq = Number(/"seq":(\d+)/.exec(text)?.[1])
      if (this.#seq > 0 && seq !== this.#seq + 1) this.anomalies.push(`${this.#name}: ${this.#seq} and then ${seq}`)
      this.#seq = seq
      this.eventMs = now
    } else if (text.startsWith('{"type":"welcome"')) {
      this.welcomes += 1
      this.welcomeMs = now
      if (this.welcomes > 1 && !text.includes('"resumed":true')) this.anomalies.push(`${this.#name}: ${text}`)
      welcomed()
      if (this.welcomes > 1) this.#send()
    } else if (text.startsWith('{"type":"ack"')) this.#answered(text, now)
    else if (text.startsWith('{"type":"error"')) setTimeout(() => this.#send(), AGAIN_MS)
    else this.anomalies.push(`${this.#name}: ${text}`)
  }

  #answered(text: string, now: number): void {
    const { id, saidMs } = this.#unanswered ?? { id: '', saidMs: 0 }
    if (id === '' || !text.includes(`"${id}"`)) return
    this.#unanswered = undefined
    this.waitsMs.push(now - saidMs)
    this.acked()
  }
}

/** Opens so many rooms on `owner` by saying something in each, and brings a peer into each at one of `edges`. */
export async function enterRooms(
  count: number,
  owner: NodeProcess,
  edges: readonly NodeProcess[],
  folder = '/r/m',
): Promise<RoomPeer[]> {
  const rooms = Array.from({ length: count }, (_, n) => n)
  await inTurns(rooms, async (n) => {
    const body = JSON.stringify({ type: 'say', data: { text: 'opener:1' } })
    const headers = { 'Content-Type': 'application/json' }
    const { status } = await fetch(`${owner.url}${folder}${n}`, { method: 'POST', headers, body })
    if (status !== 204) throw new Error(`expected 204 of ${folder}${n}, got ${status}`)
  })
  const peers: RoomPeer[] = []
  await inTurns(rooms, async (n) => {
    const edge = edges[n % edges.length]
    if (!edge) throw new Error('expected an edge')
    const peer = new RoomPeer(edge, `${folder}${n}`, `m${n}`)
    peers.push(peer)
    await patiently(peer.entered, `the welcome in ${folder}${n}`)
  })
  return peers
}

async function inTurns(all: readonly number[], does: (n: number) => Promise<void>): Promise<void> {
  const waiting = [...all]
  const lines = Array.from({ length: AT_ONCE }, async () => {
    for (let n = waiting.shift(); n !== undefined; n = waiting.shift()) await does(n)
  })
  await Promise.all(lines)
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
