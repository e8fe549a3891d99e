/**
 * A bank: its accounts are its storage, and each move of money is published in the step that makes it. So its storage is
 * always the fold of its log (`fold.ts`), whatever happens to the process, and its sum is that of the opening.
 *
 * `move` is one step. `transfer` takes the money in one step and gives it in a later one; an alarm gives it where that
 * step was lost. `fee` has an alarm take a fee later. `correct` redacts a move and publishes it anew, `sweep` clears the
 * history and publishes a balance. `fail` changes things and throws: sync, async, or after an `await`. Interest is an
 * alarm that sets itself anew, an audit is one with an `await`, whose last step counts.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { z } from 'zod'
import { defineRoom, RoomError } from '../../../src/define.ts'

export const OPENING = 1000
export const ACCOUNTS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
export const BANK = 'bank'
const INTEREST_MS = 40
const GIVE_MS = 400
const FEE_MS = 30
/** Of the 100 that a room may have, some stay free. */
const MOST_ALARMS = 80

const named = z.object({ key: z.string() })
const move = z.object({ key: z.string(), from: z.string(), to: z.string(), amount: z.int() })
const moved = move.extend({ alarm: z.string().optional() })
const claim = z.object({ to: z.string(), amount: z.int() })
const totals = z.object({ entries: z.array(z.tuple([z.string(), z.unknown()])), alarms: z.array(z.string()) })

export default defineRoom({
  stores: {
    'account/': z.int(),
    /** Money that was taken and not given yet, by the key of its transfer. */
    'claim/': claim,
    /** How many messages of each speaker were handled. */
    'done/': z.int(),
    /** How often each alarm was. */
    'count/': z.int(),
  },
  receives: {
    move,
    transfer: move,
    fee: move,
    correct: named,
    sweep: named,
    fail: z.object({ key: z.string(), how: z.enum(['sync', 'late', 'async', 'awaited']) }),
  },
  sends: {
    opened: totals,
    moved,
    taken: move,
    given: claim.extend({ key: z.string() }),
    charged: named,
    corrected: named,
    swept: totals.extend({ key: z.string() }),
    part: named,
    interest: z.object({ count: z.int() }),
    auditing: z.object({ count: z.int() }),
    audited: z.object({ count: z.int() }),
    wrong: named,
  },

  open(room) {
    const { storage, alarms } = room
    /** Moves whose events are kept, as far as this life of the room knows. */
    let moves: { seq: number; move: z.infer<typeof moved> }[] = []
    const add = (name: string, amount: number) =>
      storage.set(`account/${name}`, (storage.get(`account/${name}`) ?? 0) + amount)
    const balance = () => ({
      entries: storage.entries().map(([key, value]): [string, unknown] => [key, value]),
      // The one whose handler runs is not among the entries.
      alarms: [...new Set([...alarms.entries().map(([name]) => name), `audit/${storage.get('count/audit') ?? 0}`])],
    })
    const count = (name: string) => {
      const next = (storage.get(`count/${name}`) ?? 0) + 1
      storage.set(`count/${name}`, next)
      return next
    }
    /** A key is the name of its speaker and a number. */
    const done = (key: string) => {
      const [speaker = ''] = key.split(':')
      storage.set(`done/${speaker}`, (storage.get(`done/${speaker}`) ?? 0) + 1)
    }
    const publishMove = (given: z.infer<typeof moved>) => {
      // A later sweep has a list of its own.
      const list = moves
      room.publish('moved', given).then(
        ({ seq }) => {
          // One with a fee stays where it is, before its fee.
          if (!given.alarm) list.push({ seq, move: given })
        },
        () => {},
      )
    }
    const give = (key: string) => {
      const open = storage.get(`claim/${key}`)
      if (!open) return
      storage.delete(`claim/${key}`)
      add(open.to, open.amount)
      alarms.delete(`give/${key}`)
      void room.publish('given', { key, ...open }).catch(() => {})
    }

    const audit = async (before: number) => {
      void room.publish('auditing', { count: before + 1 }).catch(() => {})
      await turn()
      storage.set('count/audit', before + 1)
      void room.publish('audited', { count: before + 1 }).catch(() => {})
      alarms.set(`audit/${before + 1}`, room.now() + INTEREST_MS)
    }

    if (storage.size === 0) {
      for (const name of [...ACCOUNTS, BANK]) storage.set(`account/${name}`, OPENING)
      alarms.set('interest', room.now() + INTEREST_MS)
      alarms.set('audit/0', room.now() + INTEREST_MS)
      void room.publish('opened', balance())
    }

    return {
      alarm(name) {
        const [what = '', key = ''] = name.split('/')
        if (what === 'give') give(key)
        if (what === 'fee') {
          const [from = ''] = key.split('>')
          add(from, -1)
          add(BANK, 1)
          count('fee')
          void room.publish('charged', { key }).catch(() => {})
        }
        if (what === 'interest') {
          const times = count('interest')
          add(BANK, -1)
          add(ACCOUNTS[times % ACCOUNTS.length] ?? '', 1)
          void room.publish('interest', { count: times }).catch(() => {})
          alarms.set('interest', room.now() + INTEREST_MS)
        }
        if (what === 'audit') return audit(Number(key))
      },
      receive: {
        move(_, given) {
          add(given.from, -given.amount)
          done(given.key)
          add(given.to, given.amount)
          publishMove(given)
        },
        async transfer(_, given) {
          const { key, from, to, amount } = given
          if (alarms.entries().length >= MOST_ALARMS) throw new RoomError('busy', 'too many transfers are under way')
          add(from, -amount)
          storage.set(`claim/${key}`, { to, amount })
          done(key)
          alarms.set(`give/${key}`, room.now() + GIVE_MS)
          void room.publish('taken', given).catch(() => {})
          await turn()
          give(key)
        },
        fee(_, given) {
          if (alarms.entries().length >= MOST_ALARMS) throw new RoomError('busy', 'too many fees are due')
          done(given.key)
          const alarm = `fee/${given.from}>${given.key}`
          alarms.set(alarm, room.now() + FEE_MS)
          publishMove({ ...given, alarm })
          add(given.from, -given.amount)
          add(given.to, given.amount)
        },
        correct(_, { key }) {
          const one = moves.pop()
          done(key)
          void room.publish('corrected', { key }).catch(() => {})
          if (!one) return
          void room.redact(one.seq).catch(() => {})
          publishMove(one.move)
        },
        sweep(_, { key }) {
          done(key)
          moves = []
          void room.clearHistory().catch(() => {})
          void room.publish('swept', { key, ...balance() }).catch(() => {})
        },
        fail(_, { key, how }) {
          if (how === 'awaited') {
            done(key)
            void room.publish('part', { key }).catch(() => {})
          }
          const wrong = () => {
            add('a', 1_000_000)
            alarms.set(`wrong/${key}`, 0)
            void room.publish('wrong', { key }).catch(() => {})
          }
          const refuse = () => {
            throw new RoomError('failed', key)
          }
          if (how === 'sync') refuse()
          if (how === 'awaited')
            return turn().then(() => {
              wrong()
              refuse()
            })
          wrong()
          if (how === 'late') refuse()
          return Promise.reject(new RoomError('failed', key))
        },
      },
    }
  },
})
