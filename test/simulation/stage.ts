/**
 * The room of a simulation: its handlers keep, wait, throw, hang, redact, clear and set alarms, as clients ask for it.
 * Each event it keeps has a text of its own and a count that is one more than that of the event before, which the storage
 * holds too: by these `room-ledger.ts` finds what is lost, doubled, or kept half.
 */
import { z } from 'zod'
import { defineRoom, RoomError } from '../../src/define.ts'
import type { RoomLife } from './room-lives.ts'

/** What becomes of a call of the author's code. */
export interface Mood {
  /** For how long it hangs, in ms. */
  hangs(call: 'open' | 'close' | 'alarm'): number
  throws(call: 'open' | 'close' | 'alarm' | 'join'): boolean
  /** How long a handler takes that was to take so long. */
  takes(ms: number): number
  /** An alarm is called before its time. */
  early(name: string): void
  /** A room begins another life. */
  begins(path: string): RoomLife
  /** Another room has answered what this one has said to it. */
  sent(path: string, text: string, seq: number | undefined, isDuplicate: boolean): void
  /** A room says something that is not kept. */
  broadcasts(path: string): void
}

const text = z.object({ text: z.string() })
const event = z.object({ text: z.string(), n: z.int() })

export function stage(mood: Mood) {
  return defineRoom({
    stores: { count: z.int().default(0) },
    receives: {
      say: text,
      many: text,
      shout: text,
      wait: text.extend({ ms: z.number() }),
      oops: text.extend({ ms: z.number() }),
      send: text.extend({ to: z.string() }),
      fail: text,
      bell: text.extend({ ms: z.number() }),
      redact: text,
      clear: text,
      look: z.null(),
    },
    sends: { said: event, rang: event, told: z.string(), seen: z.int() },
    async open(room) {
      const pause = (ms: number) => new Promise<void>((resolve) => void (ms > 0 ? room.after(ms, resolve) : resolve()))
      await pause(mood.hangs('open'))
      if (mood.throws('open')) throw new Error('planned: open')
      const keep = (type: 'said' | 'rang', what: string) => {
        const n = room.storage.get('count') + 1
        room.storage.set('count', n)
        return room.publish(type, { text: what, n })
      }
      const life = mood.begins(room.path)
      return {
        join(peer) {
          if (mood.throws('join')) throw new Error('planned: join')
          life.joined(peer, peer.name)
          peer.send('told', 'hello')
        },
        leave: (peer) => life.left(peer),
        drop: (peer) => life.dropped(peer),
        rejoin: (peer) => life.rejoined(peer),
        receive: {
          say: (_, said) => {
            mood.broadcasts(room.path)
            room.broadcast('told', said.text)
            return keep('said', said.text)
          },
          shout: (peer, said) => {
            mood.broadcasts(room.path)
            room.broadcast('told', said.text, { except: peer })
          },
          many: (_, said) => {
            for (const part of ['', '/2', '/3']) void keep('said', `${said.text}${part}`)
          },
          wait: async (_, said) => {
            await keep('said', said.text)
            await pause(mood.takes(said.ms))
            await keep('said', `${said.text}/2`)
          },
          oops: async (_, said) => {
            await keep('said', said.text)
            await pause(mood.takes(said.ms))
            void keep('said', `${said.text}/never`)
            throw new RoomError('planned', said.text)
          },
          send: async (_, said) => {
            await keep('said', said.text)
            const sent = `${said.text}/sent`
            const { seq, duplicate = false } = await room.send(said.to, 'say', { text: sent }, { id: said.text })
            mood.sent(said.to, sent, seq, duplicate)
          },
          fail: (_, said) => {
            void keep('said', `${said.text}/never`)
            room.alarms.set(`${said.text}/never`, room.now())
            throw new RoomError('planned', said.text)
          },
          bell: (_, said) => {
            room.alarms.set(said.text, room.now() + said.ms)
            return keep('said', said.text)
          },
          redact: async (_, said) => {
            const past = await room.history({ limit: 5 })
            const chosen = past.find(({ type }) => type === 'said')
            if (chosen) await room.redact(chosen.seq)
            await keep('said', said.text)
          },
          clear: (_, said) => {
            void room.clearHistory()
            return keep('said', said.text)
          },
          look: (peer) => peer.send('seen', room.storage.get('count')),
        },
        // Without an await it runs once, as far as anything kept shows.
        alarm(name, at) {
          if (room.now() < at) mood.early(name)
          const ms = mood.hangs('alarm')
          if (ms > 0) return pause(ms).then(() => Promise.reject(new Error('planned: a late alarm')))
          if (mood.throws('alarm')) throw new Error('planned: alarm')
          void keep('rang', `rang ${name}`)
        },
        async close() {
          life.ended()
          await pause(mood.hangs('close'))
          if (mood.throws('close')) throw new Error('planned: close')
        },
      }
    },
  })
}
