/**
 * Quiz: questions in rounds. `start` begins a game; an alarm ends each round, and the pause after it, also over a restart.
 * A right answer gives 500 points and up to 500 more for speed; an answer counts once. A player (an id) has a seat with
 * its points, which stays over reconnects and restarts until the next game. Solutions and final scores are published.
 */
import { defineRoom, duration, type Peer, RoomError } from 'corridor'
import { z } from 'zod'

const MOST = { players: 1000, scores: 100 }

const choices = z.array(z.string().min(1).max(100)).min(2).max(6).readonly()
const question = z
  .object({ text: z.string().min(1).max(300), choices, right: z.int().nonnegative() })
  .refine(({ choices, right }) => right < choices.length, 'expected "right" to be the index of a choice')
const player = z.object({ name: z.string(), points: z.int() })
const round = z.int().nonnegative()
const sends = {
  question: z.object({ round, of: z.int(), text: z.string(), choices, endsAt: z.int() }),
  seat: player.extend({ choice: z.int().optional() }),
  solution: z.object({ round, right: z.int(), scores: z.array(player) }),
  over: z.object({ scores: z.array(player) }),
}

export default defineRoom({
  summary: { en: 'A quiz in rounds: points for the right answer and for speed.', zh: '分轮抢答：答对得分，越快越多。' },
  options: z.object({
    questions: z.array(question).min(1).max(100),
    round: duration.prefault('20s').describe('How long a question may be answered.'),
    pause: duration.prefault('5s').describe('How long a solution is shown.'),
  }),
  receives: { start: z.object({}).optional(), answer: z.object({ round, choice: z.int().min(0).max(5) }) },
  sends,
  stores: { game: z.object({ round, endsAt: z.int(), isSolved: z.boolean() }), 'player/': player, 'answer/': z.int() },

  open(room, { questions, round: roundMs, pause: pauseMs }) {
    const { storage, alarms } = room

    const asked = (round: number, endsAt: number) => {
      const { text = '', choices = [] } = questions[round] ?? {}
      return { round, of: questions.length, text, choices, endsAt }
    }
    const ask = (round: number) => {
      const endsAt = room.now() + roundMs
      storage.clear('answer/')
      storage.set('game', { round, endsAt, isSolved: false })
      alarms.set('next', endsAt)
      room.broadcast('question', asked(round, endsAt))
    }
    const scores = () => {
      const players = storage.entries('player/').map(([, player]) => player)
      return players.sort((a, b) => b.points - a.points).slice(0, MOST.scores)
    }
    const greet = (peer: Peer<typeof sends>) => {
      const game = storage.get('game')
      if (game && !game.isSolved) peer.send('question', asked(game.round, game.endsAt))
      const seat = storage.get(`player/${peer.id}`)
      if (seat) peer.send('seat', { ...seat, choice: storage.get(`answer/${peer.id}`) })
    }

    return {
      join: greet,
      rejoin: greet,
      alarm() {
        const game = storage.get('game')
        if (!game) return
        const { round, isSolved } = game
        if (!isSolved) {
          storage.set('game', { ...game, isSolved: true })
          alarms.set('next', room.now() + pauseMs)
          void room.publish('solution', { round, right: questions[round]?.right ?? 0, scores: scores() })
        } else if (questions[round + 1]) ask(round + 1)
        else {
          storage.delete('game')
          void room.publish('over', { scores: scores() })
        }
      },
      receive: {
        start() {
          if (storage.get('game')) throw new RoomError('running', 'a game is running')
          storage.clear('player/')
          ask(0)
        },
        answer({ id, name, isMember }, { round, choice }) {
          if (!isMember) throw new RoomError('forbidden', 'join the room to play')
          const game = storage.get('game')
          const leftMs = game?.round === round && !game.isSolved ? game.endsAt - room.now() : 0
          if (leftMs <= 0) throw new RoomError('too_late', 'this round is over')
          if (storage.get(`answer/${id}`) !== undefined) throw new RoomError('answered', 'an answer counts once')
          const seat = storage.get(`player/${id}`)
          if (!seat && storage.entries('player/').length >= MOST.players) throw new RoomError('full', 'no seat is left')
          const isRight = choice === questions[round]?.right
          const points = isRight ? 500 + Math.round((500 * leftMs) / roundMs) : 0
          storage.set(`answer/${id}`, choice)
          storage.set(`player/${id}`, { name, points: (seat?.points ?? 0) + points })
        },
      },
    }
  },
})
