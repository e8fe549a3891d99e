/** Nodes that have links and nothing else, over the made-up network and a clock of the test. */
import type { Link } from '../../src/nodes/link.ts'
import type { LinkMessage, NodeId } from '../../src/nodes/link-message.ts'
import { Links } from '../../src/nodes/links.ts'
import { Questions } from '../../src/nodes/questions.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { MadeUpNetwork } from './made-up-network.ts'

export interface LinkedNode {
  readonly id: NodeId
  readonly links: Links
  readonly questions: Questions
  /** What came over links that it dialled, and that it accepted. */
  readonly heard: { readonly dialled: LinkMessage[]; readonly accepted: LinkMessage[] }
  /** Why links were over. */
  readonly over: { readonly dialled: string[]; readonly accepted: string[] }
  /** The links that it has accepted. */
  readonly accepted: Link[]
  /** How long ago Redis answered others, as they say. */
  readonly ages: Map<NodeId, number>
  /** Whom it dialled, and what came of it. */
  readonly tries: string[]
  readonly logged: string[]
  redisAgeMs: number
  /** Nodes that it knows with its next beat. */
  readonly unseen: Set<NodeId>
  /** If set, its timers and what arrives wait here until `thaw`. */
  frozen: { readonly timers: (() => void)[]; readonly arrived: (() => void)[] } | undefined
}

export interface LinkedNodes {
  readonly clock: HandClock
  readonly network: MadeUpNetwork
  readonly nodes: readonly LinkedNode[]
  /** A dial begins, and all that time does until it is over. */
  dial(from: LinkedNode, to: LinkedNode): Promise<Link>
  freeze(node: LinkedNode): void
  /** What waits runs, timers first. */
  thaw(node: LinkedNode): Promise<void>
}

export const DELAY_MS = 5

export async function linkedNodes(...ids: NodeId[]): Promise<LinkedNodes> {
  const clock = handClock()
  const network = new MadeUpNetwork({
    nowMs: () => clock.monotonic(),
    after: (ms, run) => clock.after(ms, run),
    delayMs: () => DELAY_MS,
  })
  const nodes = ids.map((id) => nodeOf(id, clock, network, (other) => ids.includes(other)))
  for (const { links } of nodes) await links.listen()
  return {
    clock,
    network,
    nodes,
    async dial(from, to) {
      const link = from.links.to(to.id)
      link.catch(() => {})
      await clock.advance(4 * DELAY_MS)
      return link
    },
    freeze(node) {
      node.frozen = { timers: [], arrived: [] }
    },
    async thaw(node) {
      const { timers = [], arrived = [] } = node.frozen ?? {}
      node.frozen = undefined
      for (const run of [...timers, ...arrived]) run()
      await clock.settled()
    },
  }
}

function nodeOf(id: NodeId, clock: HandClock, network: MadeUpNetwork, isKnown: (id: NodeId) => boolean): LinkedNode {
  const whenRunning = (kind: 'timers' | 'arrived') => (run: () => void) => {
    if (node.frozen) node.frozen[kind].push(run)
    else run()
  }
  const onTime = whenRunning('timers')
  const questions = new Questions()
  const line = (fields: object | string, text?: string) => void node.logged.push(text ?? String(fields))
  const listener = (kind: 'dialled' | 'accepted') => ({
    message: (message: LinkMessage) => void node.heard[kind].push(message),
    over: (reason: string) => void node.over[kind].push(reason),
  })
  const node: LinkedNode = {
    id,
    questions,
    heard: { dialled: [], accepted: [] },
    over: { dialled: [], accepted: [] },
    accepted: [],
    ages: new Map(),
    tries: [],
    logged: [],
    redisAgeMs: 0,
    unseen: new Set(),
    frozen: undefined,
    links: new Links({
      network: network.of(id, whenRunning('arrived')),
      clock: {
        ...clock,
        every: (ms, fn) => clock.every(ms, () => onTime(fn)),
        after: (ms, fn) => clock.after(ms, () => onTime(fn)),
      },
      questions,
      beat: async () => {
        node.unseen.clear()
        return true
      },
      roster: {
        self: id,
        get: (other) => (isKnown(other) && !node.unseen.has(other) ? { address: `${other}:1` } : undefined),
        get redisAgeMs() {
          return node.redisAgeMs
        },
        heard: (other, ageMs) => void node.ages.set(other, ageMs),
        ended: (other) => void node.tries.push(`${other} ended`),
        dialled: (other, failure) => void node.tries.push(`${other} ${failure ?? 'reached'}`),
      },
      logger: { debug: line, info: line, warn: line, error: line },
      dialled: () => listener('dialled'),
      accepted(link) {
        node.accepted.push(link)
        return listener('accepted')
      },
    }),
  }
  return node
}
