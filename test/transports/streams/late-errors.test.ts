/** An error after the head of an event stream: it is logged, everything counted is given back, and the response ends. */
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, expect, it } from 'vitest'
import type { RequestAdmission, StreamAdmission } from '../../../src/gate/admission.ts'
import type { Caller } from '../../../src/gate/caller.ts'
import type { Gate } from '../../../src/gate/gate.ts'
import { GuestIds } from '../../../src/gate/guest-ids.ts'
import { systemRandom } from '../../../src/random.ts'
import type { EventRoom, RoomReaders } from '../../../src/room/open-room.ts'
import { handClock } from '../../../src/testing/hand-clock.ts'
import { Heartbeat } from '../../../src/transports/heartbeat.ts'
import type { Refusals } from '../../../src/transports/refusals.ts'
import { LiveStreams } from '../../../src/transports/streams/live.ts'

let app: FastifyInstance

afterEach(() => app.close())

const failure = new Error('no room for this stream')
const fails = (): never => {
  throw failure
}

/** Serves event streams of a room in which nothing works but its log. */
async function serve() {
  const back = { released: 0, left: 0 }
  // Typed, so that a renamed part of a room is found by the compiler.
  const readers: Partial<RoomReaders> = {
    first: 1,
    newcomerAfter: 0,
    find: () => ({ after: 0 }),
    offset: () => '0_0',
    subscribe: fails,
  }
  const room: Partial<EventRoom> = {
    isClosed: false,
    path: '/room',
    refusalOf: () => undefined,
    readers: readers as RoomReaders,
    join: fails,
  }
  const admission = {
    room,
    release() {
      back.released += 1
    },
    leave() {
      back.left += 1
    },
  } as unknown as RequestAdmission & StreamAdmission
  const logged: unknown[] = []
  const answered: unknown[] = []
  const clock = handClock()
  const live = new LiveStreams({
    gate: { admitRequest: async () => admission, admitStream: async () => admission } as unknown as Gate,
    guestIds: new GuestIds({ key: Buffer.alloc(32) }, systemRandom()),
    clock,
    random: systemRandom(),
    heartbeat: new Heartbeat(clock),
    refusals: { of: (error: unknown) => logged.push(error) } as unknown as Refusals,
    closed: () => {},
  })
  app = Fastify({ forceCloseConnections: true })
  app.decorateRequest('caller')
  app.setErrorHandler((error, _, reply) => {
    answered.push(error)
    return reply.code(500).send()
  })
  app.get('/', (request, reply) => {
    request.caller = {} as Caller
    const query = new URLSearchParams(request.url.split('?')[1])
    const wanted = { offset: '-1', before: undefined, limit: undefined, live: 'sse', cursor: undefined } as const
    const route = { mount: { limits: { sendTimeoutMs: 1000 } }, path: '/room' } as never
    return live.open(request, reply, route, query, wanted, undefined)
  })
  return { url: await app.listen({ host: '127.0.0.1', port: 0 }), back, logged, answered }
}

it.each([
  ['a reader', ''],
  ['a peer', '?client=ann'],
])('an error after the head of the stream of %s ends the response and is logged', async (_, query) => {
  const { url, back, logged, answered } = await serve()
  await expect(fetch(url + query).then((response) => response.text())).rejects.toThrow(TypeError)
  expect(logged).toEqual([failure])
  expect(answered).toEqual([])
  expect(back).toEqual({ released: 1, left: 1 })
})
