/**
 * A page of history on its way to a reader over HTTP: charged to its address, counted with all that waits, and given up
 * where the reader does not take it. `read.ts` sends pages with it.
 */
import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import type { FlushQueue } from '../../delivery/flush-queue.ts'
import type { Backlog } from '../../delivery/pressure.ts'
import { READER_BYTES_PER_SECOND } from '../../delivery/wire.ts'
import type { Gate } from '../../gate/gate.ts'
import type { Random } from '../../random.ts'

export interface AnswerParts {
  readonly gate: Gate
  readonly clock: Clock
  readonly random: Random
  readonly flushQueue: FlushQueue
}

/** Makes and sends a page when there is time for it. `sendTimeoutMs`: the room's `limits.sendTimeout`. */
export async function answerPage(
  { gate, clock, flushQueue }: AnswerParts,
  request: FastifyRequest,
  reply: FastifyReply,
  make: () => Buffer,
  sendTimeoutMs: number,
): Promise<FastifyReply> {
  const { raw: response } = reply
  await flushQueue.writeHistory(() => {
    if (response.destroyed) return
    const bytes = make()
    gate.chargeSent(request.caller, bytes.length)
    reply.send(bytes)
  })
  const { writableLength: waiting } = response
  if (waiting === 0 || response.destroyed) return reply
  const backlog = backlogOf(response)
  flushQueue.pressure.noteBacklog(backlog)
  const cancel = clock.after(sendTimeoutMs + (waiting / READER_BYTES_PER_SECOND) * 1000, backlog.drop)
  response.once('close', cancel)
  return reply
}

function backlogOf(response: ServerResponse): Backlog {
  const drop = () => void response.destroy()
  return {
    get waiting() {
      return this.isGone ? 0 : response.writableLength
    },
    get isGone() {
      return response.destroyed
    },
    relieve: drop,
    drop,
  }
}

/**
 * Resolves when the answers before this one on its connection have left, or the connection is over: many requests in one
 * packet make one page at a time. `undefined`: so it is now.
 */
export function precedingAnswers({ raw }: FastifyRequest, { raw: response }: FastifyReply): Promise<void> | undefined {
  const { socket } = raw
  if (response.socket || socket.destroyed) return undefined
  const { promise, resolve } = Promise.withResolvers<void>()
  const come = () => {
    response.off('socket', come)
    socket.off('close', come)
    resolve()
  }
  // One listener for each request that waits: as many as a packet holds.
  socket.setMaxListeners(0)
  response.once('socket', come)
  socket.once('close', come)
  return promise
}
