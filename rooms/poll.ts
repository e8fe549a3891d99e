/**
 * Poll: a question with choices, from `options`, or asked by the first who asks. A person (an id) has one vote and may
 * change it until the poll closes: by an alarm or by the asker. The result is stored and published, newcomers get it, and
 * the next question may be asked. A guest is a new person with each `client` it makes up: use `auth` if votes must count.
 */
import { defineRoom, duration, type Peer, RoomError } from 'corridor'
import { z } from 'zod'

const question = z.string().trim().min(1).max(200)
const isUnique = (all: readonly string[]) => new Set(all).size === all.length
const choices = z.array(question).min(2).max(20).refine(isUnique, 'expected each choice once').readonly()
const counts = z.array(z.int()).readonly()
const poll = z.object({ question, choices, by: z.string().optional(), closesAt: z.int().optional() })
const sends = {
  poll: poll.extend({ counts, isClosed: z.boolean(), yours: z.int().optional() }),
  counts: z.object({ counts }),
  result: z.object({ question, choices, counts }),
}

export default defineRoom({
  summary: { en: 'A question, one vote for each person, and the result.', zh: '提一个问题，每人一票，公布结果。' },
  options: z
    .object({ question: question.optional(), choices: choices.optional(), closesAfter: duration.optional() })
    .refine((given) => !given.question === !given.choices, 'expected "question" and "choices" together'),
  receives: {
    ask: z.object({ question, choices, closesAfterMs: z.int().min(1000).max(31_536_000_000).optional() }),
    vote: z.object({ choice: z.int().nonnegative() }),
    close: z.object({}).optional(),
  },
  sends,
  stores: { poll, 'vote/': z.int(), result: counts },

  open(room, options) {
    const { storage, alarms } = room
    /** What was counted last, and whether there are votes since: `counts` reports them, at most four times a second. */
    let shown: number[] = []
    let isStale = false
    const count = () => {
      shown = storage.get('poll')?.choices.map(() => 0) ?? []
      for (const [, choice] of storage.entries('vote/')) shown[choice] = (shown[choice] ?? 0) + 1
      return shown
    }
    const openPoll = () => (storage.get('result') ? undefined : storage.get('poll'))
    const ask = (question: string, choices: readonly string[], closesAfterMs?: number, by?: string) => {
      const closesAt = closesAfterMs ? room.now() + closesAfterMs : undefined
      storage.clear()
      storage.set('poll', { question, choices, by, closesAt })
      if (closesAt) alarms.set('close', closesAt)
      else alarms.delete('close')
      room.broadcast('poll', { question, choices, by, closesAt, counts: count(), isClosed: false })
    }
    const close = () => {
      const poll = openPoll()
      if (!poll) return
      storage.set('result', count())
      storage.clear('vote/')
      alarms.delete('close')
      void room.publish('result', { question: poll.question, choices: poll.choices, counts: shown })
    }
    const greet = (peer: Peer<typeof sends>) => {
      const poll = storage.get('poll')
      const result = storage.get('result')
      const yours = storage.get(`vote/${peer.id}`)
      const counts = result ?? (shown.length > 0 ? shown : count())
      if (poll) peer.send('poll', { ...poll, counts, isClosed: result !== undefined, yours })
    }

    if (options.question && options.choices && options.question !== storage.get('poll')?.question) {
      ask(options.question, options.choices, options.closesAfter)
    }
    room.every(250, () => {
      if (isStale && openPoll()) room.broadcast('counts', { counts: count() })
      isStale = false
    })

    return {
      join: greet,
      rejoin: greet,
      alarm: close,
      receive: {
        ask(peer, { question, choices, closesAfterMs }) {
          if (options.question) throw new RoomError('forbidden', 'this poll has a fixed question')
          if (openPoll()) throw new RoomError('poll_open', 'the next question comes after this poll')
          ask(question, choices, closesAfterMs, peer.id)
        },
        vote(peer, { choice }) {
          if (!openPoll()?.choices[choice]) throw new RoomError('no_choice', 'no open poll has this choice')
          if (!peer.isMember && !peer.claims) throw new RoomError('forbidden', 'a guest votes as a member')
          storage.set(`vote/${peer.id}`, choice)
          isStale = true
        },
        close(peer) {
          if (openPoll()?.by !== peer.id) throw new RoomError('forbidden', 'only its asker closes a poll')
          close()
        },
      },
    }
  },
})
