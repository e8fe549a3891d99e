/**
 * Mistakes that nodes could make, planted in their code, their scripts and what they say to each other: each is the contrary
 * of a sentence on which the promises of many nodes stand.
 */

import { type KeptCall, RoomCalls } from '../../src/log/redis/kept-calls.ts'
import { EdgeRoom } from '../../src/nodes/edge/edge-room.ts'
import { EdgeWire } from '../../src/nodes/edge/edge-wire.ts'
import { Unanswered } from '../../src/nodes/edge/unanswered.ts'
import { LifeQuestions } from '../../src/nodes/life-questions.ts'
import type { Bringing, LinkMessage, RelayItem } from '../../src/nodes/link-message.ts'
import { NodeChannels } from '../../src/nodes/node-channels.ts'
import { NoteInbox } from '../../src/nodes/note-inbox.ts'
import { Proof } from '../../src/nodes/proof.ts'
import { Sightings } from '../../src/nodes/sightings.ts'
import { Members } from '../../src/room/members.ts'
import { all, alter, type Mistake, replace } from './planted.ts'
import { countsOn } from './steady-sightings.ts'

export const NODE_MISTAKES: Readonly<Record<string, Mistake>> = {
  'a room is claimed whoever has it': {
    altered: alter(
      'claim',
      ['if e ~= epoch or n ~= number then', 'if false then'],
      ['if term and w >= term or not term and owner', 'if false and owner'],
    ),
  },
  'terms do not rise': { altered: alter('claim', ['term or math.max(w + 1, time)', 'term or math.max(w, 1)']) },
  'a room is given up by who has it no more': {
    seed: 14,
    kinds: ['freeze', 'a node is cut off from all', 'calls arrive late', 'a client of two nodes'],
    altered: alter('give', ['if m[1] ~= ARGV[2] or m[2] ~= ARGV[3] then return 0 end', '']),
  },
  'a node that refuses is dead, whatever it says': {
    kinds: ['refused though alive', 'a client of two nodes'],
    plant: () => replace(LifeQuestions, 'answers', { value: async () => false }),
  },
  'time without an answer of Redis counts': {
    kinds: ['Redis frozen for long then away for one', 'links cut'],
    plant: () => all(countsOn('late'), replace(Sightings, 'startAnew', { value: () => {} })),
  },
  'time in which a node stood still counts': {
    kinds: ['all stand still', 'connection cut', 'a client of two nodes'],
    plant: () => countsOn('pause'),
  },
  'a claim that was lost is made again over what stands there': {
    seed: 13,
    kinds: ['Redis restarted, writes lost', 'freeze', 'a node is cut off from all'],
    altered: alter(
      'claim',
      ['if e ~= epoch or n ~= number then', 'if not term and (e ~= epoch or n ~= number) then'],
      ['if term and w >= term or not term and', 'if not term and'],
    ),
  },
  'what Redis has lost is healed, whatever stands there': {
    altered: alter('commit', [
      'if e ~= epoch or n ~= number then',
      "if fixed == '' and (e ~= epoch or n ~= number) then",
    ]),
    plant: healsAll,
  },
  'a node does not hear that it has lost a room': {
    kinds: ['freeze', 'refused though alive', 'Redis cut off from one'],
    seed: 161,
    plant: () =>
      all(
        replace(NoteInbox, 'fresh', { value: () => [] }),
        replace(NodeChannels, 'note', { value: () => {} }),
        replace(NodeChannels, 'moved', { value: () => {} }),
      ),
  },
  'a room without proof goes on': {
    kinds: ['a node is cut off from all', 'a client of two nodes'],
    plant: () => replace(Proof, 'holds', { get: () => true }),
  },
  'the time of all nodes is that of Redis': {
    kinds: ['Redis clock jumps', 'a client of two nodes', 'crash'],
    altered: alter('beat', ["redis.call('GET', N .. 'c') or ''", "now .. ' ' .. now"]),
  },
  'an edge answers for nobody': {
    kinds: ['freeze', 'both ways are silent', 'a client of two nodes'],
    plant: () => replace(Unanswered, 'add', { value: () => undefined }),
  },
  'an edge does not answer for a room that has gone': {
    kinds: ['crash', 'links cut', 'Redis slow'],
    plant: () => replace(Unanswered, 'takeSaid', { value: () => [] }),
  },
  'what an owner answers too late is heard': {
    kinds: ['freeze', 'both ways are silent', 'links are slow'],
    plant: () => replace(Unanswered, 'pass', { value: (frames: readonly unknown[]) => frames }),
  },
  'an edge forgets what it wrote': { plant: () => replace(EdgeWire, 'seq', { get: () => undefined }) },
  'of two connections the earlier stays': {
    plant: () => {
      const { isLaterHere } = Members.prototype
      return replace(Members, 'isLaterHere', {
        value(this: Members<never>, key: string | undefined, begunMs: number | undefined) {
          return this.withKey(key) !== undefined && begunMs !== undefined && !isLaterHere.call(this, key, begunMs)
        },
      })
    },
  },
  'a link carries a frame for all twice': {
    spoken: (message) =>
      withItems(message, (items) => items.flatMap((item): Items => (item.to === 'all' ? [item, item] : [item]))),
  },
  'what is for one peer goes before what is for all': {
    spoken: (message) =>
      withItems(message, (items) => items.toSorted((a, b) => Number(b.to === 'one') - Number(a.to === 'one'))),
  },
  'who is not to hear it hears it': {
    spoken: (message) =>
      withItems(message, (items) => items.map((item) => (item.to === 'all' ? { ...item, except: undefined } : item))),
  },
  'an owner does not know when a token ends': {
    spoken: (message) => (message.op === 'join' ? { ...message, peer: endless(message.peer) } : message),
  },
  'peers of a raw room stay, whatever it says': {
    kinds: ['crash', 'links cut', 'SIGTERM'],
    plant: () => replace(EdgeRoom, 'isFollowed', { get: () => true }),
  },
  'who has caught up is not heard of': {
    spoken: (message) => withItems(message, (items) => items.filter(({ to }) => to !== 'enter')),
  },
}

function endless(peer: Bringing): Bringing {
  return { ...peer, visitor: { ...peer.visitor, untilMs: undefined } }
}

type Items = readonly RelayItem[]

/** All that was kept since is said again, though it does not go on from where Redis stands. */
function healsAll(): () => void {
  const calls = new WeakMap<RoomCalls, KeptCall[]>()
  const { add } = RoomCalls.prototype
  return all(
    replace(RoomCalls, 'add', {
      value(this: RoomCalls, call: KeptCall) {
        calls.set(this, [...(calls.get(this) ?? []), call])
        add.call(this, call)
      },
    }),
    replace(RoomCalls, 'since', {
      value(this: RoomCalls, { number }: { number: number }) {
        return calls.get(this)?.filter((call) => call.from.number >= number && call.timeMs !== 'claim')
      },
    }),
  )
}

function withItems(message: LinkMessage, changed: (items: Items) => Items): LinkMessage {
  return message.op === 'items' ? { ...message, items: changed(message.items) } : message
}
