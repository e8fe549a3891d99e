/** `room.history`: a range of the log in both directions, also where retention has removed a part of it. */
import { defineRoom } from 'corridor'
import { openRoom } from 'corridor/testing'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { startServer } from '../support/server.ts'

const asked: number[][] = []
const definition = defineRoom({
  receives: { fill: z.int(), ask: z.any() },
  sends: { said: z.int() },
  open: (room) => ({
    receive: {
      fill: (_, count) => {
        for (let number = 1; number <= count; number++) void room.publish('said', number)
      },
      ask: async (_, range) => void asked.push((await room.history(range)).map(({ seq }) => seq)),
    },
  }),
})

const span = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index)

it.each([
  [{}, span(1101, 1200)],
  [{ limit: 3 }, [1198, 1199, 1200]],
  [{ limit: 5000 }, span(201, 1200)],
  [{ after: 5, limit: 2 }, [6, 7]],
  [{ before: 5 }, [1, 2, 3, 4]],
  [{ before: 5, limit: 2 }, [3, 4]],
  [{ before: 1150, limit: 5000 }, span(150, 1149)],
  [{ before: 1 }, []],
  [{ before: 0 }, []],
  [{ before: 5000, limit: 2 }, [1199, 1200]],
  [{ after: 3, before: 7 }, [4, 5, 6]],
  [{ after: 3, before: 7, limit: 2 }, [4, 5]],
  [{ after: 6, before: 7 }, []],
  [{ after: 9, before: 7 }, []],
])('%j: both exclude, oldest first, at most 1000', async (range, seqs) => {
  const room = await openRoom(definition)
  const ann = room.join()
  await ann.send('fill', 1200)
  asked.length = 0
  await ann.send('ask', range)
  expect(asked).toEqual([seqs])
})

it.each(['x', -1, 1.5])('`before` is a number of an event, not %s', async (before) => {
  const room = await openRoom(definition)
  await expect(room.join().send('ask', { before })).rejects.toMatchObject({ code: 'internal' })
  expect(room.errors[0]).toBeInstanceOf(RangeError)
})

it('reads what retention has left, and may be used in `open`', async () => {
  const read: unknown[] = []
  const room = defineRoom({
    receives: { say: z.int() },
    sends: { said: z.int() },
    async open(room) {
      read.push((await room.history({ before: 8 })).map(({ data }) => data))
      return { receive: { say: (_, number) => room.publish('said', number) } }
    },
  })
  const line = { definition: room, history: { keep: 5, replay: 0 }, idleAfter: '1ms' }
  const server = await startServer({ rooms: { '/room': line } })
  try {
    const ann = await server.connect('/room')
    for (let number = 1; number <= 10; number++) ann.send('say', number, String(number))
    for (let number = 1; number <= 10; number++) await ann.next('ack')
    await server.reload({ rooms: { '/room': { ...line, title: 'Changed' } } })
    const bob = await server.connect('/room')
    await bob.next('welcome')
    expect(read).toEqual([[], [6, 7]])
  } finally {
    await server.close()
  }
})
