/**
 * A room whose handlers do all that handlers may, and a test that sees what they did: what was handled, what became of
 * each publish, and a gate at which slow ones wait. `same-room.ts` plays in it over every wire.
 */
import { z } from 'zod'
import { defineRoom, type Position, RoomError } from '../../src/define.ts'

const trap = () => {
  throw new Error('a trap')
}
/** What a handler may throw: by name, and the code that its sender gets. */
export const THROWN: Readonly<Record<string, { readonly code: string; readonly make: () => unknown }>> = {
  'an error with a code': { code: 'mine', make: () => new RoomError('mine', 'on purpose') },
  'a bug': { code: 'internal', make: () => new Error('a bug') },
  nothing: { code: 'internal', make: () => undefined },
  'a frozen error': { code: 'internal', make: () => Object.freeze(new Error('frozen')) },
  'a trap': { code: 'internal', make: () => new Proxy({}, { get: trap, getPrototypeOf: trap, has: trap }) },
  'an error that cannot be read': {
    code: 'internal',
    make: () => Object.defineProperty(new RoomError('x', 'y'), 'message', { get: trap }),
  },
}

export class Stage {
  readonly handled: string[] = []
  /** What became of publishes, in the order they were begun. */
  readonly published: Promise<Position | string>[] = []
  /** The errors that a handler after its timeout gets for what it still sends. */
  readonly late: string[] = []
  /** Called within the handler of `say`. */
  onSay = () => {}
  #gate = Promise.withResolvers<void>()

  /** Lets the slow ones go on; those that come later wait anew. */
  open(): void {
    this.#gate.resolve()
    this.#gate = Promise.withResolvers()
  }

  readonly definition = defineRoom({
    receives: {
      say: z.string(),
      note: z.string(),
      timer: z.string(),
      loose: z.string(),
      slow: z.string(),
      thenable: z.string(),
      quick: z.string(),
      hang: z.string(),
      throw: z.object({ how: z.string(), isAsync: z.boolean() }),
      every: z.string(),
    },
    sends: { said: z.string(), told: z.string() },
    open: (room) => {
      const publish = (text: string) => {
        const publishing = room.publish('said', text)
        this.published.push(publishing.catch((error: RoomError) => error.code))
        return publishing
      }
      const sayLate = (say: () => unknown) => {
        try {
          say()
          this.late.push('said')
        } catch (error) {
          this.late.push((error as RoomError).code)
        }
      }
      return {
        receive: {
          say: (_, text) => {
            this.handled.push(text)
            this.onSay()
            return publish(text)
          },
          note: (_, text) => void this.handled.push(text),
          timer: (_, text) => {
            this.handled.push(text)
            setTimeout(() => publish(text), 0)
          },
          /** Waits for nothing of what it begins. */
          loose: (_, text) => {
            this.handled.push(text)
            void this.#gate.promise.then(() => publish(text))
          },
          slow: async (_, text) => {
            this.handled.push(text)
            await this.#gate.promise
            await publish(text)
          },
          /** A promise of another make. */
          thenable: (_, text) => {
            this.handled.push(text)
            const done = this.#gate.promise.then(() => publish(text))
            // biome-ignore lint/suspicious/noThenProperty: that is the point
            return { then: (resolve: () => void, reject: () => void) => void done.then(resolve, reject) }
          },
          /** Async, and awaits nothing. */
          quick: async (_, text) => {
            this.handled.push(text)
            void publish(text)
          },
          /** Ends in time only if it is sent again. */
          hang: async (peer, text) => {
            this.handled.push(text)
            if (this.handled.filter((each) => each === text).length === 1) {
              await this.#gate.promise
              sayLate(() => room.broadcast('told', text))
              sayLate(() => peer.send('told', text))
            }
            await publish(text)
          },
          throw: (_, { how, isAsync }) => {
            const thrown = THROWN[how]?.make()
            if (isAsync) return Promise.reject(thrown)
            throw thrown
          },
          every: (_, text) => {
            const end = room.every(1000, () => {
              end()
              publish(text)
            })
          },
        },
      }
    },
  })
}
