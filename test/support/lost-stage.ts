/** A room that notes which of its handlers were called, with handlers that keep, say and wait; for tests of lost logs. */
import { z } from 'zod'
import { defineRoom, type RoomError } from '../../src/define.ts'

export class LostStage {
  /** What was called, in order. */
  readonly calls: string[] = []
  /** What became of what handlers and `close` wanted to keep after the loss. */
  readonly refused: string[] = []
  /** Called within the handler of `call`. */
  onCall = () => {}
  /** Called within `close`. */
  onClose: (publish: () => Promise<unknown>) => unknown = () => {}
  /** What `open` waits for. */
  opening: Promise<void> | undefined
  readonly gate = Promise.withResolvers<void>()

  readonly definition = defineRoom({
    stores: { count: z.int().default(0) },
    receives: {
      kick: z.null(),
      say: z.string(),
      wait: z.string(),
      call: z.string(),
      ask: z.string(),
      bell: z.number(),
    },
    sends: { said: z.string(), told: z.string(), answer: z.any() },
    open: async (room) => {
      this.calls.push('open')
      await this.opening
      const keep = (text: string) => {
        room.storage.set('count', room.storage.get('count') + 1)
        room.broadcast('told', text)
        return room.publish('said', text)
      }
      const tryTo = (text: string) =>
        Promise.try(keep, text).catch((error: RoomError) => {
          this.refused.push(error.code)
          throw error
        })
      room.every(1000, () => this.calls.push('every'))
      return {
        join: ({ name, resumed }) => void this.calls.push(`join ${name} ${resumed}`),
        drop: ({ name }) => void this.calls.push(`drop ${name}`),
        leave: ({ name }) => void this.calls.push(`leave ${name}`),
        receive: {
          say: (_, text) => {
            this.calls.push(text)
            const kept = keep(text)
            kept.catch(({ code }: RoomError) => this.refused.push(`${text} ${code}`))
            return kept
          },
          kick: (peer) => {
            this.calls.push('kick')
            room.storage.set('count', 0)
            peer.close(3000, 'out')
          },
          wait: async (_, text) => {
            this.calls.push(text)
            await this.gate.promise
            await tryTo(text)
          },
          call: (_, text) => {
            this.onCall()
            return keep(text)
          },
          ask: async (peer, path) => {
            peer.send('answer', await room.send(path, 'say', 'asked', { id: 'a' }).catch(({ code }) => ({ code })))
          },
          bell: (_, ms) => room.alarms.set('bell', room.now() + ms),
        },
        alarm: async (name) => {
          this.calls.push(`alarm ${name} ${room.storage.get('count')}`)
          await this.onAlarm()
        },
        close: async () => {
          this.calls.push('close')
          await this.onClose(() => tryTo('bye'))
        },
      }
    },
  })

  /** Called within the alarm. */
  onAlarm: () => unknown = () => {}

  /** How often this was called. */
  count(call: string): number {
    return this.calls.filter((each) => each === call).length
  }
}
