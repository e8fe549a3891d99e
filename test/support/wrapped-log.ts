/** A log of which a test replaces some calls. */
import type { Log } from '../../src/log/log.ts'

export function wrappedLog(log: Log, own: Partial<Log>): Log {
  return new Proxy(log, {
    get(_, name) {
      if (name in own) return Reflect.get(own, name)
      const part = Reflect.get(log, name)
      return typeof part === 'function' ? part.bind(log) : part
    },
  })
}
