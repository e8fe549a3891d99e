/** Messages of links that are mutated at random: each ends its link at most, and whoever comes over the next is served. */
import { expect, it } from 'vitest'
import { Frame } from '../../src/delivery/frame.ts'
import { Batch } from '../../src/nodes/link-batch.ts'
import type { LinkMessage, ToEdge, ToOwner } from '../../src/nodes/link-message.ts'
import { MalformedError } from '../../src/nodes/link-shapes.ts'
import { EDGE } from '../support/coupled-edge.ts'
import { edgeCluster } from '../support/edge-cluster.ts'
import { type Dice, seeded } from '../support/random.ts'

const RUNS_PER_KIND = 100

/** One message of each kind that a link of rooms has, as healthy nodes say it. */
function samples(place: number, session: number): { toOwner: ToOwner[]; toEdge: (ToEdge | Answering)[] } {
  const visitor = { id: 'cat', name: 'cat', client: 'cat', claims: { sub: 'cat' }, untilMs: 1e15, via: 'http' as const }
  const peer = { session: session + 7, visitor, offset: '-1', isMoved: true, begunMs: 5 }
  const reason = { code: 1012, reason: 'restarting', retryMs: 100 }
  const refusal = { status: 503, code: 'full', message: 'no', headers: { 'Retry-After': '1' }, details: { of: 1 } }
  const error = { code: 'invalid', message: 'no', issues: [{ path: ['at'] }] }
  const frames = [new Frame('ack', '', 0, 0, { id: 'a1', seq: 1, kept: 'os' }), new Frame('said', '"hi"', 9, 9)]
  const text = new Frame(undefined, 'text')
  return {
    toOwner: [
      { op: 'attach', place: place + 5, path: '/room', kind: 'event', term: 1, peers: [peer] },
      { op: 'detach', place },
      { op: 'reserve', place, ask: 77, client: 'cat', offset: 'now', isStream: true },
      { op: 'release', place, ask: 1 },
      { op: 'join', place, peer },
      { op: 'receive', place, session, data: '{"type":"say","data":"x","id":"m1"}', ref: 3 },
      {
        ...{ op: 'post', place, session, ask: 78, messages: [{ type: 'say', data: 'x', id: 'p1' }] },
        producerKey: { producer: 'p', epoch: 0, seq: 0 },
      },
      { op: 'gone', place, session, isLost: true },
      { op: 'end', place, session, reason },
      { op: 'written', place, session, bytes: 10 },
      { op: 'quiet', place },
    ],
    toEdge: [
      { op: 'attached', place, term: 2, epoch: 'e'.repeat(32), seq: 3, newcomerAfter: 1 },
      { op: 'refused', place, refusal },
      {
        ...{ op: 'items', place },
        items: [
          { to: 'all', frame: frames[1] ?? text, except: session },
          { to: 'one', session, frames },
          { to: 'enter', session },
          { to: 'leave', session },
          { to: 'all', frame: text, except: undefined },
        ],
      },
      { op: 'rest', place, session, ms: 20 },
      { op: 'close', place, session, reason },
      { op: 'drop', place, session },
      { op: 'moving', place },
      { op: 'over', place, to: 'two' },
      { op: 'answer', ask: 1, value: { resumes: true } },
      { op: 'failed', ask: 1, refusal },
      { op: 'failed', ask: 2, error },
    ],
  }
}

type Answering = Extract<LinkMessage, { op: 'answer' | 'failed' }>

const { toOwner, toEdge } = samples(1, 1)
const KINDS = [
  ...toOwner.map(({ op }, at) => ({ op, at, way: 'toOwner' as const })),
  ...toEdge.map(({ op }, at) => ({ op, at, way: 'toEdge' as const })),
]

it.each(KINDS)('$op $way, mutated, ends its link at most', async ({ op, at, way }) => {
  const outcomes = { taken: 0, unreadable: 0 }
  for (let run = 0; run < RUNS_PER_KIND; run += 1) {
    const seed = at * 1000 + run + (way === 'toEdge' ? 500 : 0)
    const said = await play(seeded(seed), at, way).catch((error: unknown) => {
      throw new Error(`seed ${seed} of ${op} ${way}`, { cause: error })
    })
    outcomes[said === undefined ? 'taken' : 'unreadable'] += 1
  }
  expect(outcomes.unreadable).toBeGreaterThan(0)
})

/** Why the message was not taken. */
async function play(dice: Dice, at: number, way: 'toOwner' | 'toEdge'): Promise<unknown> {
  const cluster = await edgeCluster()
  const { clock, edge } = cluster
  const joins = [cluster.join('ann'), cluster.join('ben')]
  await clock.advance(100)
  const [ann] = await Promise.all(joins)
  ann?.say('a1', 'one')
  await clock.advance(100)
  const link = edge.link('one')
  const attached = link.toOwner.find(({ op }) => op === 'attach')
  const place = attached?.op === 'attach' ? attached.place : 0
  const message = samples(place, dice.below(3))[way][at]
  if (!message) throw new Error('expected a message')
  const error = link.mistake(way, mutated(dice, message))
  await clock.advance(1000)
  // What follows rests on nothing that was said wrongly.
  link.cut()
  cluster.move('two')
  await clock.advance(10_000)
  const dan = cluster.join('dan')
  await clock.advance(1000)
  const late = await dan
  late.say('d1', 'served')
  await clock.advance(1000)
  expect(late.answersTo('d1').map(({ type }) => type)).toEqual(['ack'])
  expect(cluster.at).not.toBe(EDGE)
  if (error !== undefined && !(error instanceof SyntaxError)) expect(error).toBeInstanceOf(MalformedError)
  return error
}

const JUNK: readonly unknown[] = [
  ...[null, true, -1, 0, 1.5, 2 ** 53, 1e308, '', 'x', '__proto__', 'constructor', '1', 'x'.repeat(70_000), '\0\ud800'],
  ...[[], {}, [[]], [null], { toString: 1, valueOf: 1 }, { length: 9 }],
]

/** The message in a batch of its own, with a mistake in it. */
function mutated(dice: Dice, message: LinkMessage): Buffer {
  const batch = new Batch()
  batch.add(message)
  const bytes = batch.toBuffer()
  if (dice.oneIn(4)) return scrambled(dice, bytes)
  const headEnd = 4 + bytes.readUInt32BE(0)
  const entries: unknown = JSON.parse(bytes.toString('utf8', 4, headEnd))
  const head = Buffer.from(JSON.stringify(changed(dice, entries)))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(head.length)
  return Buffer.concat([length, head, bytes.subarray(headEnd)])
}

function scrambled(dice: Dice, bytes: Buffer): Buffer {
  for (let flips = 1 + dice.below(3); flips > 0; flips -= 1) bytes[dice.below(bytes.length)] = dice.below(256)
  return dice.oneIn(3) ? bytes.subarray(0, dice.below(bytes.length)) : bytes
}

/** One value of it is another, is missing, or is there twice. */
function changed(dice: Dice, value: unknown): unknown {
  const isDeeper = typeof value === 'object' && value !== null && Object.keys(value).length > 0
  if (!isDeeper) return dice.pick(JUNK)
  const key = dice.pick(Object.keys(value))
  const inner: unknown = Reflect.get(value, key)
  const isHere = dice.oneIn(6)
  const next = isHere ? dice.pick(JUNK) : changed(dice, inner)
  if (Array.isArray(value)) {
    const copy: unknown[] = [...value]
    if (dice.oneIn(12)) copy.splice(Number(key), 1)
    else copy.splice(Number(key), 1, next)
    return copy
  }
  const { [key]: _, ...others }: Record<string, unknown> = { ...value }
  return dice.oneIn(8) ? others : { ...others, [key]: next }
}
