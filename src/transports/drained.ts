/**
 * When what waits on a stream has been taken: told by the stream, not asked for. `room-socket.ts` and `event-stream-wire.ts`
 * answer a room with it.
 */
import type { Writable } from 'node:stream'

type Stream = Pick<Writable, 'writableLength' | 'writableNeedDrain' | 'destroyed' | 'write' | 'once' | 'off'>

const NOTHING = Buffer.alloc(0)

/** Resolves when at most so many bytes wait, or the stream has ended. `undefined`: so it is now. */
export function drained(stream: Stream, below: number): Promise<void> | undefined {
  if (stream.destroyed || stream.writableLength <= below) return undefined
  const { promise, resolve } = Promise.withResolvers<void>()
  const taken = () => {
    stream.off('drain', taken)
    stream.off('close', taken)
    resolve()
  }
  stream.once('close', taken)
  if (stream.writableNeedDrain) stream.once('drain', taken)
  // Too little waits for the stream to tell of it by itself: this is taken after it.
  else stream.write(NOTHING, taken)
  return promise
}
