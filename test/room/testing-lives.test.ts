/** `corridor/testing`: a room over its lives, who is no member, ids of messages, and the settings of a test. */
import { defineRoom, RoomError } from 'corridor'
import { openRoom } from 'corridor/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { z } from 'zod'

const poll = () => {
  const notes: string[] = []
  const definition = defineRoom({
    stores: { votes: z.record(z.string(), z.int()).default({}), 'closed/': z.boolean() },
    receives: { vote: z.string(), wait: z.object({}), fail: z.object({}) },
    sends: { voted: z.object({ for: z.string(), by: z.string(), isMember: z.boolean(), via: z.string() }) },
    open(room) {
      notes.push('open')
      const vote = (choice: string) => {
        const votes = room.storage.get('votes')
        room.storage.set('votes', { ...votes, [choice]: (votes[choice] ?? 0) + 1 })
      }
      return {
        join: ({ name }) => void notes.push(`join ${name}`),
        drop: ({ name }) => void notes.push(`drop ${name}`),
        rejoin: ({ name }) => void notes.push(`rejoin ${name}`),
        leave: ({ name }) => void notes.push(`leave ${name}`),
        close: () => void notes.push('close'),
        alarm: (name) => room.storage.set(`closed/${name}`, true),
        receive: {
          vote(peer, choice) {
            vote(choice)
            const { name, isMember, via } = peer
            void room.publish('voted', { for: choice, by: name, isMember, via })
          },
          async wait() {
            await new Promise<void>((resolve) => room.after(1000, resolve))
            vote('late')
          },
          fail() {
            vote('never')
            throw new RoomError('no', 'not today')
          },
        },
      }
    },
  })
  return { definition, notes }
}

describe('restart', () => {
  it('brings back what was kept and nothing else; peers are gone, nobody is told, and may rejoin', async () => {
    const { definition, notes } = poll()
    const room = await openRoom(definition)
    const ann = room.join({ name: 'ann', client: 'ann' })
    await ann.send('vote', 'tea')
    await ann.next('voted')
    room.alarms.set('poll', Date.UTC(2026, 0, 2))
    await room.restart()
    expect(notes).toEqual(['open', 'join ann', 'open'])
    expect([room.members(), room.storage.get('votes')]).toEqual([[], { tea: 1 }])
    await expect(ann.next('voted')).rejects.toThrow('closed this peer (1006')
    const bob = room.join({ name: 'bob' })
    await bob.send('vote', 'milk')
    ann.rejoin()
    expect(notes.slice(3)).toEqual(['join bob', 'join ann'])
    // It resumes where it was.
    expect(await ann.next('voted')).toMatchObject({ seq: 2, data: { for: 'milk' } })
    await room.advance(86_400_000)
    expect(room.storage.entries('closed/')).toEqual([['closed/poll', true]])
  })

  it('ends what was under way: a handler that waits has no more effects', async () => {
    const { definition } = poll()
    const room = await openRoom(definition)
    const ann = room.join({ name: 'ann' })
    const sent = ann.send('wait', {}).catch((error: Error) => error.message)
    await room.advance(500)
    await room.restart()
    await room.advance(10_000)
    expect(room.storage.entries()).toEqual([])
    expect(await sent).toContain('the answer to "wait"')
  })

  it('answers a message that is said again as it was answered before', async () => {
    const { definition } = poll()
    const room = await openRoom(definition)
    const ann = room.join({ name: 'ann', client: 'ann' })
    expect(await ann.send('vote', 'tea', { id: '1' })).toMatchObject({ seq: 1 })
    await room.restart()
    ann.rejoin()
    expect(await ann.send('vote', 'tea', { id: '1' })).toMatchObject({ seq: 1, duplicate: true })
    await expect(ann.send('vote', 'milk', { id: '1' })).rejects.toMatchObject({ code: 'conflict' })
    expect(room.storage.get('votes')).toEqual({ tea: 1 })
  })

  it('rejects with what open throws, and may be tried again', async () => {
    let opens = true
    const definition = defineRoom({
      stores: { title: z.string() },
      open() {
        if (!opens) throw new Error('no questions today')
        return {}
      },
    })
    const room = await openRoom(definition, undefined, { storage: { title: 'tea' } })
    opens = false
    await expect(room.restart()).rejects.toThrow('no questions today')
    expect(() => room.storage).toThrow('its last restart has failed')
    opens = true
    await room.restart()
    expect(room.storage.get('title')).toBe('tea')
  })
})

describe('a peer', () => {
  it('that drops and rejoins in time is the same, and one that leaves is not', async () => {
    const { definition, notes } = poll()
    const room = await openRoom(definition, undefined, { rejoinWithin: '10s' })
    const ann = room.join({ name: 'ann', client: 'ann' })
    ann.drop()
    await room.advance(9999)
    ann.rejoin()
    expect(notes).toEqual(['open', 'join ann', 'drop ann', 'rejoin ann'])
    ann.leave()
    expect(notes.at(-1)).toBe('leave ann')
  })
})

describe('post', () => {
  it('speaks as who is no member', async () => {
    const { definition, notes } = poll()
    const room = await openRoom(definition)
    const ann = room.join({ name: 'ann' })
    expect(await room.post('vote', 'tea', { name: 'bob' })).toEqual({ kept: 'memory', seq: 1 })
    expect(await ann.next('voted')).toMatchObject({
      data: { for: 'tea', by: 'bob', isMember: false, via: 'http' },
    })
    expect([notes, room.members().length]).toEqual([['open', 'join ann'], 1])
    await expect(room.post('fail', {})).rejects.toMatchObject({ code: 'no' })
    await expect(room.post('vote', 5 as never)).rejects.toMatchObject({ code: 'invalid' })
    expect(room.storage.get('votes')).toEqual({ tea: 1 })
  })

  it('with an id is handled once', async () => {
    const room = await openRoom(poll().definition)
    const as = { name: 'bob', client: 'bob', id: '1' }
    await room.post('vote', 'tea', as)
    expect(await room.post('vote', 'tea', as)).toEqual({ kept: 'memory', seq: 1, duplicate: true })
    expect(room.storage.get('votes')).toEqual({ tea: 1 })
  })
})

it('limits and patience are those of the test', async () => {
  const { definition } = poll()
  const room = await openRoom(definition, undefined, {
    limits: { storage: '20B', rate: { perSecond: 1, burst: 2 } },
    patience: '100ms',
  })
  const ann = room.join({ name: 'ann' })
  await ann.send('vote', 'tea')
  await expect(ann.send('vote', 'a longer name')).rejects.toMatchObject({ code: 'storage_full' })
  await expect(ann.send('vote', 'tea')).rejects.toMatchObject({ code: 'rate_limited' })
  await ann.next('voted')
  await expect(ann.next('voted')).rejects.toThrow('it did not arrive')
})

it('storage, alarms and restarts work under fake timers, of microtasks too', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const { definition } = poll()
  const room = await openRoom(definition)
  const ann = room.join({ name: 'ann', client: 'ann' })
  await ann.send('vote', 'tea')
  room.alarms.set('poll', Date.UTC(2026, 0, 2))
  await room.restart()
  await room.advance(86_400_000)
  expect(room.storage.entries()).toEqual([
    ['closed/poll', true],
    ['votes', { tea: 1 }],
  ])
})
