/**
 * Nobody hurts a neighbour: handlers that throw touch only the peer or the room they come from. Handlers that take their
 * time stand in `async-handlers.test.ts`, floods and deaf peers in `flood.test.ts`.
 */
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoom, RoomError } from '../../src/define.ts'
import { tellWrong } from '../support/figures.ts'
import { openOneRoom } from '../support/one-room.ts'

const fixture = openOneRoom()
const { start, enter } = fixture

describe('a handler that throws', () => {
  tellWrong('HS9', 'neighbours that noticed, by hook')
  const failing = defineRoom({
    receives: { say: z.string(), fail: z.enum(['at once', 'later']), refuse: z.enum(['at once', 'later']) },
    sends: { said: z.string() },
    text: (text) => {
      if (text === 'boom') throw new Error('secret: text')
      return { type: 'say' as const, data: text }
    },
    open: (room) => ({
      join: (peer) => {
        if (peer.name === 'bad') throw new Error('secret: join')
        if (peer.name === 'badly') return Promise.reject(new Error('secret: async join'))
        if (peer.name === 'unwanted') throw new RoomError('forbidden', 'not you')
      },
      leave: async (peer) => {
        if (peer.name === 'sad') throw new Error('secret: leave')
      },
      receive: {
        say: (_, text) => room.publish('said', text),
        fail: (_, when) => {
          const error = new Error('secret: receive')
          if (when === 'at once') throw error
          return setImmediate().then(() => Promise.reject(error))
        },
        refuse: (_, when) => {
          const error = new RoomError('too_late', 'the game is over')
          if (when === 'at once') throw error
          return setImmediate().then(() => Promise.reject(error))
        },
      },
      close: () => Promise.reject(new Error('secret: close')),
    }),
  })

  it.each(['at once', 'later'])(
    'gives the sender `internal` and nothing else, and the log everything (%s)',
    async (when) => {
      await start(failing)
      fixture.server.expectError(/(receive|close) handler failed/)
      const [ann, bob] = [await enter('ann'), await enter('bob')]
      ann.send('fail', when, 'm1')
      const answer = await ann.next()
      expect(answer).toMatchObject({ type: 'error', id: 'm1', data: { code: 'internal' } })
      expect(JSON.stringify(answer)).not.toMatch(/secret|stack|at |\.ts/)
      expect(fixture.server.logs.find(({ level }) => level === 50)).toMatchObject({
        room: '/room',
        err: { message: 'secret: receive' },
      })

      ann.send('say', 'I am still here', 'm2')
      expect(await bob.next()).toMatchObject({ type: 'said', seq: 1, data: 'I am still here' })
      expect(await ann.next()).toMatchObject({ type: 'said' })
      expect(await ann.next()).toMatchObject({ type: 'ack', id: 'm2', seq: 1 })
    },
  )

  it.each(['at once', 'later'])(
    'with a RoomError gives the sender just that error, and logs nothing (%s)',
    async (when) => {
      await start(failing)
      fixture.server.expectError(/close handler failed/)
      const ann = await enter('ann')
      ann.send('refuse', when, 'm1')
      expect(await ann.next()).toEqual({
        type: 'error',
        id: 'm1',
        data: { code: 'too_late', message: 'the game is over' },
      })
      expect(fixture.server.logs.filter(({ level }) => level === 50)).toEqual([])
    },
  )

  it('in `text` gives the sender `internal`', async () => {
    await start(failing)
    fixture.server.expectError(/(receive|close) handler failed/)
    const ann = await enter('ann')
    ann.sendText('boom')
    const answer = await ann.next()
    expect(answer).toMatchObject({ type: 'error', data: { code: 'internal' } })
    expect(JSON.stringify(answer)).not.toContain('secret')
  })

  it('in `join` or `leave` keeps nobody else out, and a peer that `join` refuses gets the reason', async () => {
    await start(failing)
    fixture.server.expectError(/(join|leave|close) handler failed/)
    for (const name of ['bad', 'badly']) {
      const peer = await enter(name)
      expect(await peer.next()).toMatchObject({ type: 'error', data: { code: 'internal' } })
      expect(await peer.closed).toMatchObject({ code: 1008, reason: 'internal' })
    }
    await (await enter('sad')).close()
    const unwanted = await enter('unwanted')
    expect(await unwanted.next()).toEqual({ type: 'error', data: { code: 'forbidden', message: 'not you' } })
    expect(await unwanted.closed).toMatchObject({ code: 1008, reason: 'forbidden' })

    const [ann, bob] = [await enter('ann'), await enter('bob')]
    ann.send('say', 'hello')
    expect(await bob.next()).toMatchObject({ data: 'hello' })
    const messages = fixture.server.logs.filter(({ level }) => level === 50).map(({ err }) => (err as Error).message)
    expect(messages.sort()).toEqual(['secret: async join', 'secret: join', 'secret: leave'])
  })

  it('in a timer or at the close of a room is logged, and the room goes on', async () => {
    let ticks = 0
    await start(
      defineRoom({
        open: (room) => {
          room.every(1, () => {
            ticks += 1
            if (ticks === 1) throw new Error('tick')
            if (ticks === 2) return Promise.reject(new Error('tick'))
            return room.broadcast(`tick ${ticks}`)
          })
          return {
            close: () => {
              throw new Error('close')
            },
          }
        },
      }),
    )
    fixture.server.expectError(/(every|close) handler failed/)
    const ann = await fixture.server.connect('/room')
    expect(await ann.nextText()).toMatch(/^tick [3-9]/)
    await fixture.server.server.close()
    expect(fixture.server.logs.filter(({ level }) => level === 50).map(({ msg }) => msg)).toEqual([
      "the room's every handler failed",
      "the room's every handler failed",
      "the room's close handler failed",
    ])
  })

  it('for what it sends is no frame, and the room goes on', async () => {
    await start(
      defineRoom({
        open: (room) => ({
          message: (peer, data) => {
            if (data === 'object') room.broadcast({ a: 1 } as never)
            if (data === 'number') peer.send(42 as never)
            if (data === 'nothing') peer.send(undefined as never)
            room.broadcast(data)
          },
        }),
      }),
    )
    fixture.server.expectError(/message handler failed/)
    const [ann, bob] = [await fixture.server.connect('/room'), await fixture.server.connect('/room')]
    for (const text of ['object', 'number', 'nothing', 'text']) ann.sendText(text)
    expect(await bob.nextText()).toBe('text')
    expect(fixture.server.logs.find(({ level }) => level === 50)?.err).toMatchObject({
      message: expect.stringContaining('expected a string or a Uint8Array'),
    })
  })
})
