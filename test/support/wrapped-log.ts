/** A log, the log of a room, or the calls of a Redis, of which a test replaces some parts. */
import type { Log, RoomLog } from '../../src/log/log.ts'
import type { RedisCalls } from '../../src/log/redis/redis-calls.ts'

export function wrappedLog<T extends Log | RoomLog | RedisCalls>(log: T, own: Partial<T>): T {
  return new Proxy(log, {
    get(_, name) {
      if (name in own) return Reflect.get(own, name)
      const part = Reflect.get(log, name)
      return typeof part === 'function' ? part.bind(log) : part
    },
  })
}
