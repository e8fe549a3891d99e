/** The document that ships over a log that cannot keep a change: nobody gets it, and its author is asked for it again. */
import { expect, it } from 'vitest'
import doc from '../../rooms/doc.ts'
import { RoomError } from '../../src/define.ts'
import type { Entry, Retention } from '../../src/log/log.ts'
import { MemoryLog } from '../../src/log/memory.ts'
import { systemRandom } from '../../src/random.ts'
import { handClock } from '../../src/testing/hand-clock.ts'
import { TestHost } from '../../src/testing/test-host.ts'
import { rawPeer } from '../../src/testing/test-member.ts'
import { askAll, message, parsed, textOf, typed } from '../support/doc-messages.ts'
import { roomSettings } from '../support/live-room.ts'
import { wrappedLog } from '../support/wrapped-log.ts'

/** The document over a disk that can be full. */
async function documentStage() {
  const clock = handClock()
  const random = systemRandom()
  const disk = { isFull: false }
  const inner = new MemoryLog(clock, random)
  const log = wrappedLog(inner, {
    async open(path: string, retention: Retention) {
      const room = await inner.open(path, retention)
      const append = room.append.bind(room)
      const full = new RoomError('unavailable', 'the disk is full')
      return Object.assign(room, {
        append: (entry: Entry) => (disk.isFull ? queueMicrotask(() => entry.failed(full)) : append(entry)),
      })
    },
  })
  const plan = { ...roomSettings(), definition: doc as never, options: undefined }
  const host = new TestHost({ path: '/doc/tea', params: {}, plan, clock, random, log, patienceMs: 1000 })
  await host.open()
  const enter = async () => {
    const peer = rawPeer(host.join({}))
    for (const kind of [0, 1]) expect(parsed(await peer.next())).toMatchObject({ kind })
    return peer
  }
  const read = async () => {
    const peer = await enter()
    peer.send(askAll())
    return textOf(parsed(await peer.next()).bytes)
  }
  return { clock, disk, enter, read }
}

it('ends everyone with 4503 once a change was not kept, and gets it back from its author', async () => {
  const { clock, disk, enter, read } = await documentStage()
  const [a, b, c] = typed('abc') as [Uint8Array, Uint8Array, Uint8Array]
  const ann = await enter()
  const bob = await enter()
  ann.send(message(0, 2, a))
  expect(textOf(parsed(await bob.next()).bytes)).toBe('a')

  disk.isFull = true
  ann.send(message(0, 2, b))
  await clock.advance(100)
  disk.isFull = false
  await clock.advance(1000)
  for (const peer of [ann, bob]) expect(peer.closed).toMatchObject({ code: 4503 })
  await expect(bob.next()).rejects.toThrow(/received nothing/)
  expect(await read()).toBe('a')

  const back = await enter()
  back.send(message(0, 2, c))
  // It stands on the change that was lost.
  expect(parsed(await back.next())).toMatchObject({ kind: 0, step: 0 })
  for (const update of [a, b, c]) back.send(message(0, 1, update))
  expect(await read()).toBe('abc')
})

it('notices a change that was not kept also where a later one was', async () => {
  const { clock, disk, enter, read } = await documentStage()
  const [a, b, c] = typed('abc') as [Uint8Array, Uint8Array, Uint8Array]
  const ann = await enter()
  ann.send(message(0, 2, a))
  await clock.advance(10)
  disk.isFull = true
  ann.send(message(0, 2, b))
  await clock.advance(10)
  disk.isFull = false
  ann.send(message(0, 2, c))
  await clock.advance(1000)
  expect(ann.closed).toMatchObject({ code: 4503 })

  const back = await enter()
  for (const update of [b, c]) back.send(message(0, 1, update))
  expect(await read()).toBe('abc')
})
