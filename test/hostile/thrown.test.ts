/**
 * What a module throws that nobody expects: no Error at all, one with a status of its own, one that cannot be logged or
 * sent. It is an error of the module, answered as such, and never ends the process.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom, RoomError } from '../../src/define.ts'
import { refused } from '../support/client.ts'
import { post } from '../support/event-stream.ts'
import { startServer, type TestServer } from '../support/server.ts'

const untold = (message: string) => {
  const error = new Error(message)
  Object.defineProperty(error, 'response', { enumerable: true, get: () => broken('a trap') })
  return error
}
const broken = (message: string): never => {
  throw new Error(message)
}
const THROWN: Readonly<Record<string, () => unknown>> = {
  nothing: () => undefined,
  null: () => null,
  'a text': () => 'a text',
  'a proxy that throws': () => new Proxy({}, { get: () => broken('a trap') }),
  'a frozen error': () => Object.freeze(new Error('frozen')),
  'an error that cannot be read': () => untold('untold'),
  ...Object.fromEntries(
    [101, 200, 304, 404, 1, 'abc'].map((statusCode) => [
      `an error of status ${statusCode}`,
      () => Object.assign(new Error('of somebody else'), { statusCode }),
    ]),
  ),
}
const UNTELLABLE: Readonly<Record<string, () => RoomError>> = {
  'a bigint': () => new RoomError('no', 'no', [5n]),
  'a code that is no text': () => new RoomError(5n as never, 'no', [5n]),
  'a toJSON that throws': () => new RoomError('no', 'no', [{ toJSON: () => broken('a trap') }]),
}
const thrower = defineRoom({
  receives: {
    now: z.string(),
    later: z.string(),
    checked: z.string().transform((how): string => {
      throw THROWN[how]?.()
    }),
    untellable: z.string(),
    rejected: z.string(),
  },
  sends: {},
  admit(_, { query }) {
    const how = query.get('how')
    if (how === 'false') return false
    if (how) throw THROWN[how]?.()
    return undefined
  },
  open: () => ({
    receive: {
      now: (_, how) => {
        throw THROWN[how]?.()
      },
      later: async (_, how) => {
        throw THROWN[how]?.()
      },
      checked() {},
      untellable: (_, how) => {
        throw UNTELLABLE[how]?.()
      },
      rejected: async (_, how) => {
        throw UNTELLABLE[how]?.()
      },
    },
  }),
})

let server: TestServer
beforeEach(async () => {
  server = await startServer({ rooms: { '/thrower': { definition: thrower } } })
  server.expectError(/a request failed|receive handler failed/)
})
afterEach(() => server.close())

describe('a module that throws', () => {
  it.each(Object.keys(THROWN))('%s in its admit is answered with 500, and logged', async (how) => {
    const query = new URLSearchParams({ how, offset: '-1' })
    const answer = await fetch(`${server.url}/thrower?${query}`)
    expect([answer.status, await answer.json()]).toMatchObject([500, { error: 'internal' }])
    query.delete('offset')
    expect(await refused(`${server.ws}/thrower?${query}`)).toMatchObject({ status: 500, body: { error: 'internal' } })
    expect(server.logs.filter(({ msg }) => msg === 'a request failed')).toHaveLength(2)
  })

  it.each(Object.keys(THROWN))('%s for a message answers it with an error', async (how) => {
    const peer = await server.connect('/thrower')
    for (const type of ['now', 'later', 'checked']) {
      peer.send(type, how, type)
      expect(await peer.next('error')).toMatchObject({ id: type, data: { code: 'internal' } })
      const answer = await post(`${server.url}/thrower`, { type, data: how })
      expect([type, answer.status, await answer.json()]).toMatchObject([type, 500, { error: 'internal' }])
    }
  })

  it.each(Object.keys(UNTELLABLE))('a RoomError with %s in its fields answers with an error', async (how) => {
    const peer = await server.connect('/thrower')
    for (const type of ['untellable', 'rejected']) {
      peer.send(type, how, type)
      expect(await peer.next('error')).toMatchObject({ id: type, data: { code: 'internal' } })
      const answer = await post(`${server.url}/thrower`, { type, data: how })
      expect([type, answer.status, await answer.json()]).toMatchObject([type, 500, { error: 'internal' }])
    }
  })
})

it('an admit that returns false refuses everyone', async () => {
  for (const offset of ['', '&offset=-1'])
    expect((await fetch(`${server.url}/thrower?how=false${offset}`)).status).toBe(403)
  expect(await refused(`${server.ws}/thrower?how=false`)).toMatchObject({ status: 403, body: { error: 'forbidden' } })
})
