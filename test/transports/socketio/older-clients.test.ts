/**
 * How clients of version 4 resume: 4.6.0, the first that does it by itself; 4.5.4, the last that does not and sends the
 * last `offset` in `auth`; and any of them that says where to begin.
 */

import { io as io45 } from 'socket.io-client-4.5'
import { io as io46 } from 'socket.io-client-4.6'
import { describe, expect, it } from 'vitest'
import { connected, hears, openCutOff, SAYINGS, welcome } from '../../support/cut-off.ts'
import { IMPATIENT, StockSocket, TYPES } from '../../support/stock-socket.ts'

const corridor = openCutOff({ '/room': { definition: SAYINGS, history: { replay: 1 } } })

describe.each(['websocket', 'polling'] as const)('over %s', (transport) => {
  const options = { ...IMPATIENT, transports: [transport] }

  it('4.6.0 resumes by itself', async () => {
    const ann = corridor.watch(new StockSocket(io46(`${corridor.cable.url}/room`, options), TYPES))
    const other = await corridor.speaker('/room')
    await welcome(ann)
    await other.say('1')
    await hears(ann, '1')
    await corridor.lose(ann)
    await other.say('2', '3')
    corridor.cable.plug()
    await connected(ann, 2)
    await hears(ann, '3')
    expect(ann.connects).toEqual([false, true])
    expect(ann.all('said')).toEqual(['1', '2', '3'])
  })

  it.each(['an object that it changes', 'a function'])('4.5.4 resumes by `auth.offset`, %s', async (kind) => {
    const state: { offset?: string } = {}
    const auth = kind === 'a function' ? (give: (data: object) => void) => give({ ...state }) : state
    const socket = io45(`${corridor.cable.url}/room`, { ...options, auth })
    for (const type of ['welcome', 'said', 'hinted']) {
      socket.on(type, (_data: unknown, _extra: unknown, offset: string) => {
        state.offset = offset
      })
    }
    const ann = corridor.watch(new StockSocket(socket, TYPES))
    const other = await corridor.speaker('/room')
    expect((await welcome(ann)).resumed).toBeUndefined()
    await other.say('1')
    other.hint('only now')
    await ann.next('hinted')
    await corridor.lose(ann)
    await other.say('2', '3')
    corridor.cable.plug()
    await connected(ann, 2)
    expect((await welcome(ann)).resumed).toBe(true)
    await hears(ann, '3')
    expect(ann.all('said')).toEqual(['1', '2', '3'])
  })
})

describe('a client that says where to begin', () => {
  it.each([
    ['nowhere', undefined, ['3']],
    ['at the oldest event', '-1', ['1', '2', '3']],
    ['at the end', 'now', []],
  ])('begins %s', async (_, offset, expected) => {
    const other = await corridor.speaker('/room')
    await other.say('1', '2', '3')
    const ann = corridor.open('/room', 'websocket', { auth: { offset } })
    const { resumed } = await welcome(ann)
    expect(resumed).toBe(offset === undefined ? undefined : true)
    await other.say('4')
    await hears(ann, '4')
    expect(ann.all('said')).toEqual([...expected, '4'])
    expect(ann.connects).toEqual([false])
  })

  it('at an offset that it kept over a reload of its page, and resumes by itself from then on', async () => {
    const other = await corridor.speaker('/room')
    const before = corridor.open('/room')
    await welcome(before)
    await other.say('1')
    const offset = String((await before.next('said'))[2])
    before.socket.disconnect()
    await other.say('2', '3')
    // `auth` as an object would ask for this place again at each connect; a function gives it once.
    const places = [{ offset }]
    const auth = (give: (data: object) => void) => give(places.shift() ?? {})
    const after = corridor.open('/room', 'websocket', { auth })
    await hears(after, '3')
    await corridor.lose(after)
    await other.say('4')
    corridor.cable.plug()
    await connected(after, 2)
    await hears(after, '4')
    expect(after.connects).toEqual([false, true])
    expect(after.all('said')).toEqual(['2', '3', '4'])
  })
})
