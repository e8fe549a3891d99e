/** Waits until what a connection is to send was taken by the network, also what waits for its next poll. */
import type { Socket as EngineSocket } from 'engine.io'
import { drained } from '../drained.ts'
import { hasQueue, netSocketOf } from './socketio-internals.ts'

interface Draining {
  readonly engine: EngineSocket
  /** Bytes that the network has not taken yet. */
  readonly waiting: number
}

/** Resolves when at most `below` bytes wait, or the connection is over. `undefined`: it is so now. */
export function connectionDrained(connection: Draining, below: number): Promise<void> | undefined {
  const { engine } = connection
  if (engine.readyState === 'closed' || connection.waiting <= below) return undefined
  const socket = netSocketOf(engine)
  if (socket && !hasQueue(engine)) return drained(socket, below)
  const { promise, resolve } = Promise.withResolvers<void>()
  const next = () => {
    engine.off('drain', next)
    engine.off('close', next)
    const more = connectionDrained(connection, below)
    if (more) void more.then(resolve)
    else resolve()
  }
  engine.on('drain', next)
  engine.on('close', next)
  return promise
}
