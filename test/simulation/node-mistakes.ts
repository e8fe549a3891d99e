/**
 * Mistakes that nodes could make, planted in their code, their scripts and what they say to each other: each is the contrary
 * of a sentence on which the promises of many nodes stand.
 */

import { EdgeWire } from '../../src/nodes/edge/edge-wire.ts'
import { Unanswered } from '../../src/nodes/edge/unanswered.ts'
import { LifeQuestions } from '../../src/nodes/life-questions.ts'
import type { LinkMessage, RelayItem } from '../../src/nodes/link-message.ts'
import { Proof } from '../../src/nodes/proof.ts'
import { Members } from '../../src/room/members.ts'
import { alter, type Mistake, replace } from './planted.ts'

export const NODE_MISTAKES: Readonly<Record<string, Mistake>> = {
  'a room is claimed whoever has it': {
    altered: alter('claim', ['if e ~= epoch or n ~= number or (term and w >= term) then', 'if false then']),
  },
  'terms do not rise': { altered: alter('claim', ['term or math.max(w + 1, time)', 'term or math.max(w, 1)']) },
  'a room is given up by who has it no more': {
    kinds: ['freeze', 'a node is cut off from all', 'calls arrive late', 'a client of two nodes'],
    altered: alter('give', ['if m[1] ~= ARGV[2] or m[2] ~= ARGV[3] then return 0 end', '']),
  },
  'a node that refuses is dead, whatever it says': {
    kinds: ['refused though alive', 'a client of two nodes'],
    plant: () => replace(LifeQuestions, 'answers', { value: async () => false }),
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
  'who has caught up is not heard of': {
    spoken: (message) => withItems(message, (items) => items.filter(({ to }) => to !== 'enter')),
  },
}

type Items = readonly RelayItem[]

function withItems(message: LinkMessage, changed: (items: Items) => Items): LinkMessage {
  return message.op === 'items' ? { ...message, items: changed(message.items) } : message
}
