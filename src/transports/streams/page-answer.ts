/**
 * Sends a page of history over HTTP: it is charged to the reader's address, its pending bytes count as backlog, and it is
 * dropped if the client does not read it. `read.ts` uses it.
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

/** Makes and sends a page after the frames of running fan-outs. `sendTimeoutMs`: the room's `limits.sendTimeout`. */
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
 * Resolves when the preceding answers on this connection are sent, or the connection is closed, so that pipelined requests
 * hold one page at a time. `undefined`: that is so already.
 */
export function precedingAnswers({ raw }: FastifyRequest, { raw: response }: FastifyReply): Promise<void> | undefined {
  const { socket } = raw
  if (response.socket || socket.destroyed) return undefined
  const { promise, resolve } = Promise.withResolvers<void>()
  const done = () => {
    response.off('socket', done)
    socket.off('close', done)
    resolve()
  }
  // One listener per pipelined request: Node's warning threshold does not apply.
  socket.setMaxListeners(0)
  response.once('socket', done)
  socket.once('close', done)
  return promise
}
