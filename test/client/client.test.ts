/** The client: how it joins, what its types promise, and the module that the server hands out. */
import { describe, expect, expectTypeOf, test } from 'vitest'
import { bundleClient } from '../../src/client/bundle.ts'
import { type Ack, connect, type Reset } from '../../src/client/client.ts'
import { enter, outcome, stillTime } from '../support/dialled.ts'

stillTime()

describe('joining', () => {
  test('a path stands below the base, with name and client in the query', async () => {
    const { first, room } = await enter({ name: '安 & Co' })
    expect(first.url.href.split('?')[0]).toBe('ws://example.org/sub/chat')
    expect(first.url.searchParams.get('name')).toBe('安 & Co')
    expect(first.url.searchParams.get('client')).toBe(room.client)
    expect(first.offset).toBeNull()
  })

  test('without a base a path is refused with a word on what was expected', () => {
    expect(() => connect('/chat')).toThrow('expected a full URL')
  })

  test('a full https URL becomes wss', async () => {
    const { first } = await enter({}, 'https://example.net/r/tea')
    expect(first.url.href).toMatch(/^wss:\/\/example\.net\/r\/tea\?/)
  })

  test('a token is asked for before each connection and offered beside a protocol that can be selected', async () => {
    let asked = 0
    const { first, back } = await enter({ token: async () => `t${++asked}` })
    expect(first.protocols).toEqual(['corridor', 'bearer.t1'])
    first.lose()
    expect((await back()).protocols).toEqual(['corridor', 'bearer.t2'])
  })

  test('it is open once it is welcomed, and knows who it is', async () => {
    const { first, room, states } = await enter()
    expect(room.state).toBe('connecting')
    first.welcome({ seq: 7 })
    expect(room.state).toBe('open')
    expect(room.you).toEqual({ id: 'p1', name: 'Ann' })
    expect(room.offset).toBe('E_0000000000000007')
    expect(states).toEqual([{ state: 'open' }])
  })

  test('a room that does not welcome is left for good, with a word on why', async () => {
    const { first, room, states } = await enter()
    first.say('hello from a raw room')
    expect(room.state).toBe('closed')
    expect(states.at(-1)?.reason).toContain('is this an event room?')
  })

  test('no welcome within ten seconds is a lost connection', async () => {
    const { first, room, back } = await enter()
    await back()
    expect(first.closedWith).toBe(4000)
    expect(room.state).toBe('connecting')
  })

  test('a welcome without an epoch is never taken for a place in the log', async () => {
    const { first, room } = await enter()
    first.welcome({ epoch: '' })
    expect(room.state).toBe('waiting')
    expect(room.offset).toBeUndefined()
  })
})

describe('types', () => {
  test('come from the definition of the room', async () => {
    const { room } = await enter()
    expectTypeOf(room.send('say', { text: 'a' }).catch(() => undefined)).resolves.toEqualTypeOf<Ack | undefined>()
    outcome(room.send('typing'))
    room.on('said', (event) => expectTypeOf(event.data).toEqualTypeOf<{ text: string }>())
    room.on('reset', (event) => expectTypeOf(event).toEqualTypeOf<Reset>())
    room.on('*', (event) => {
      if (event.type === 'entered') expectTypeOf(event.data.name).toEqualTypeOf<string>()
    })
    const misuse = () => {
      // @ts-expect-error no such message
      room.send('shout', { text: 'a' })
      // @ts-expect-error not what the schema takes
      room.send('say', { text: 1 })
      // @ts-expect-error data is needed
      room.send('say')
      // @ts-expect-error no such event
      room.on('whispered', () => {})
    }
    expectTypeOf(misuse).toBeFunction()
    room.close()
  })

  test('without a definition every type may be said and heard', async () => {
    const untyped = () => connect('/chat').on('anything', (event) => expectTypeOf(event.data).toBeUnknown())
    expectTypeOf(untyped).returns.toEqualTypeOf<() => void>()
    expectTypeOf(connect('http://127.0.0.1/').send).toBeCallableWith('anything', { at: 'all' })
  })
})

test('/client.js is one module that imports nothing and has no types left', async () => {
  const text = bundleClient()
  expect(text).not.toMatch(/^\s*(import|interface|type) /m)
  const module = await import(`data:text/javascript,${encodeURIComponent(text)}`)
  expect(Object.keys(module).sort()).toEqual(['CorridorError', 'connect'])
  expect(() => module.connect('/chat')).toThrow('expected a full URL')
})
