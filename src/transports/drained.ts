/**
 * Waits until a stream's buffer has drained, by the stream's own events. The wires (`websocket-wire.ts`,
 * `event-stream-wire.ts`) use it.
 */
import type { Writable } from 'node:stream'

type Stream = Pick<Writable, 'writableLength' | 'writableNeedDrain' | 'destroyed' | 'write' | 'once' | 'off'>

const NOTHING = Buffer.alloc(0)

/** Resolves when at most `below` bytes are buffered, or the stream has ended. `undefined`: that is so already. */
export function drained(stream: Stream, below: number): Promise<void> | undefined {
  if (stream.destroyed || stream.writableLength <= below) return undefined
  const { promise, resolve } = Promise.withResolvers<void>()
  const done = () => {
    stream.off('drain', done)
    stream.off('close', done)
    resolve()
  }
  stream.once('close', done)
  if (stream.writableNeedDrain) stream.once('drain', done)
  // Below its high-water mark a stream emits no `drain`; the callback of an empty write follows the buffered bytes.
  else stream.write(NOTHING, done)
  return promise
}
