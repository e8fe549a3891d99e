/**
 * The end of a room while something of it is still under way: every member leaves before the room closes, and nothing
 * listens to a closed room or for a client that is gone.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defineRoom } from '../../src/define.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { closeInTime, passUntil } from '../support/close-in-time.ts'
import notes from '../support/notes.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { startServer, type TestServer } from '../support/server.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))
const never = { '/other': { module: 'echo' } }

let server: TestServer
let clock: HandClock
beforeEach(() => {
  clock = handClock()
})
afterEach(() => closeInTime(server, clock))

describe('a room closes after all who have joined have left', () => {
  it.each(['join', 'leave'])('also one who is gone and whose %s still runs', async (slow) => {
    const calls: string[] = []
    const gate = Promise.withResolvers<void>()
    const step = async (what: string, name: string) => {
      if (name === 'ann' && what === slow) await gate.promise
      calls.push(`${what} ${name}`)
    }
    const definition = defineRoom({
      receives: {},
      sends: {},
      open: () => ({
        join: ({ name }) => step('join', name),
        leave: ({ name }) => step('leave', name),
        close: () => void calls.push('close'),
      }),
    })
    server = await startServer({ rooms: { ...never, '/room': { definition } }, clock })
    const ben = await server.connect('/room', { name: 'ben' })
    const ann = await server.connect('/room', { name: 'ann' })
    const names = async () =>
      (await (await fetch(`${server.url}/room`, { headers: { Accept: 'application/json' } })).json()).members.names
    await expect.poll(names, { timeout: PATIENCE_MS }).toEqual(['ben', 'ann'])
    await ann.close()
    await expect.poll(names, { timeout: PATIENCE_MS }).toEqual(['ben'])
    const reloaded = server.reload({ rooms: never })
    expect(await ben.closed).toMatchObject({ code: 1001 })
    for (let turns = 0; turns < 10; turns += 1) await turn()
    gate.resolve()
    await reloaded
    expect(calls.slice(0, -1).sort()).toEqual(['join ann', 'join ben', 'leave ann', 'leave ben'])
    expect(calls.at(-1)).toBe('close')
  })
})

describe('a long poll that waits for its room to open', () => {
  const started = async () => {
    const gate = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const definition = defineRoom({
      receives: {},
      sends: {},
      open: async () => {
        begun.resolve()
        await gate.promise
        return {}
      },
    })
    server = await startServer({ rooms: { '/room': { definition, limits: { perAddress: 1 } } }, clock })
    return { gate, begun }
  }
  const poll = (signal?: AbortSignal) => fetch(`${server.url}/room?offset=-1&live=long-poll`, signal ? { signal } : {})

  it('holds no place for a client that went meanwhile', async () => {
    const { gate, begun } = await started()
    const leaving = new AbortController()
    const polled = poll(leaving.signal).catch((error: Error) => error.name)
    await begun.promise
    leaving.abort()
    expect(await polled).toBe('AbortError')
    // Its place is its own until the room has opened.
    const check = async () => (await fetch(`${server.url}/room?check=join`)).status
    expect(await check()).toBe(429)
    gate.resolve()
    await expect.poll(check, { timeout: PATIENCE_MS }).toBe(204)
  })

  it('is answered at once if the server was asked to end meanwhile', async () => {
    const { gate, begun } = await started()
    const polled = poll()
    await begun.promise
    const closed = server.server.close()
    gate.resolve()
    expect([204, 503]).toContain((await polled).status)
    await passUntil(clock, closed)
  })
})

describe('a read that was admitted before a reload', () => {
  it('is not answered from the room that the reload put at its path', async () => {
    const gate = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const before = defineRoom({
      receives: {},
      sends: {},
      async admit() {
        begun.resolve()
        await gate.promise
      },
      open: () => ({}),
    })
    server = await startServer({ rooms: { '/room': { definition: before } }, clock })
    const read = fetch(`${server.url}/room?offset=-1`)
    await begun.promise
    await server.reload({ rooms: { '/room': { definition: notes } } })
    const ann = await server.connect('/room')
    ann.send('note', { text: 'for those whom the new room admits' }, 'm1')
    await ann.next('ack')
    gate.resolve()
    const answer = await read
    expect([answer.status, await answer.json()]).toMatchObject([503, { error: 'room_closed' }])
  })
})
