/**
 * Nodes under load, and everyone who uses a room of theirs meanwhile: at each node speakers over a WebSocket, by POST and
 * with the product's client, listeners over a WebSocket and an event stream, and one who waves, which is not kept. All go
 * to their node as long as it is there. In the end what all of them saw is judged as one history.
 */
import { expect } from 'vitest'
import { ackedMs, longestGap } from '../kill/redis/judgements.ts'
import { PostSpeaker, SocketSpeaker } from '../kill/redis/speakers.ts'
import { StreamListener } from '../kill/redis/stream-listener.ts'
import { Subscriber } from '../kill/subscriber.ts'
import { ClientSpeaker } from './client-speaker.ts'
import { Cluster, type ClusterSetup } from './cluster.ts'
import { JudgedRoom, type Judgement } from './judged-room.ts'
import { Waver } from './waver.ts'

/** What was seen from outside. */
export interface Outcome extends Judgement {
  readonly acked: number
  /** Of these said more than once. */
  readonly retried: number
  /** The longest time until an answer, in ms. */
  readonly longestMs: number
  /** From the beginning of the fault, and from its end, until everyone who speaks had an ack of what it said after that. */
  readonly fromBeginMs: number
  readonly fromEndMs: number
  /** The longest time in which one who waves heard no wave, in ms: by its node. */
  readonly silenceMs: readonly number[]
  /** How often the product's client lost its connection, by its node. */
  readonly losses: readonly number[]
}

export class NodesStage {
  readonly cluster: Cluster
  readonly path: string
  readonly #room: JudgedRoom
  readonly #clients: ClientSpeaker[] = []
  readonly #wavers: Waver[] = []
  #beginMs = 0
  #endMs = 0

  private constructor(cluster: Cluster, path: string) {
    this.cluster = cluster
    this.path = path
    this.#room = new JudgedRoom(path)
  }

  static async make(command: string, setup: ClusterSetup = {}, path = '/room'): Promise<NodesStage> {
    return new NodesStage(await Cluster.start(command, setup), path)
  }

  /** Everyone comes. The first comes to node `first`, so the room lives there. */
  async begin(first = 0): Promise<void> {
    const order = this.cluster.nodes.map((_, at) => (first + at) % this.cluster.nodes.length)
    for (const at of order) {
      const url = `${this.cluster.front(at)}${this.path}`
      this.#wavers[at] = await Waver.enter(url)
      this.#room.listeners.push(
        new Subscriber(`${this.cluster.front(at)}/`, this.#room.recorder.listener(`listener ${at}`)),
      )
      this.#room.listeners.push(new StreamListener(url, this.#room.recorder.listener(`stream ${at}`)))
      const client = new ClientSpeaker(url, `c${at}`, this.#room.recorder.listener(`client ${at}`))
      this.#clients[at] = client
      this.#room.speakers.push(new SocketSpeaker(url, `w${at}`), new PostSpeaker(url, `p${at}`), client)
    }
    for (const speaker of this.#room.speakers) speaker.begin()
    await this.acked(100)
  }

  /** Resolves when so many more messages are acknowledged. */
  async acked(more: number): Promise<void> {
    const target = this.#room.acked + more
    await expect.poll(() => this.#room.acked, { interval: 20 }).toBeGreaterThanOrEqual(target)
  }

  /** Does something to the nodes, and waits until all goes on. */
  async fault(provoke: (cluster: Cluster) => unknown): Promise<void> {
    this.#beginMs = performance.now()
    await provoke(this.cluster)
    this.#endMs = performance.now()
    await expect.poll(() => this.#allAckedSince(this.#endMs), { interval: 20 }).toBeLessThan(Infinity)
    await this.acked(100)
  }

  /** Lets all be answered and heard, and judges. */
  async judge(): Promise<Outcome> {
    const judgement = await this.#room.judge(this.cluster.redis)
    const all = this.#room.speakers.flatMap((speaker) => [...speaker.tries])
    const tries = all.flatMap(([, tries]) => tries)
    return {
      ...judgement,
      acked: all.filter(([, tries]) => ackedMs(tries) < Infinity).length,
      retried: all.filter(([, tries]) => tries.length > 1).length,
      longestMs: Math.max(...tries.map(({ saidMs, endedMs }) => endedMs - saidMs)),
      fromBeginMs: this.#allAckedSince(this.#beginMs) - this.#beginMs,
      fromEndMs: this.#allAckedSince(this.#endMs) - this.#endMs,
      silenceMs: this.#wavers.map(({ waves }) => longestGap(waves)),
      losses: this.#clients.map(({ losses }) => losses),
    }
  }

  async remove(): Promise<void> {
    this.#leave()
    await this.cluster.remove()
  }

  #leave(): void {
    this.#room.leave()
    for (const waver of this.#wavers) waver?.leave()
  }

  /** When each had an ack of something that it said after this moment. */
  #allAckedSince(ms: number): number {
    const firsts = this.#room.speakers.map((speaker) => {
      const said = [...speaker.tries.values()].filter(([first]) => (first?.saidMs ?? 0) >= ms)
      return Math.min(...said.map(ackedMs))
    })
    return Math.max(...firsts)
  }
}
