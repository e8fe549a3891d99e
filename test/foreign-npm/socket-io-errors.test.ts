/** What the stock client of Socket.IO is told, key by key: answers, errors, refusals and events. */
import { describe, expect, it } from 'vitest'
import { openStage } from './stage.ts'
import { openVisits } from './visits.ts'

const stage = openStage()
const visit = openVisits(() => stage.url)
const TEXT = expect.any(String)
const OFFSET = expect.stringMatching(/^[0-9a-f]{32}_\d{16}$/)

describe('an error', () => {
  const cases: [string, string, unknown[], object][] = [
    [
      'of the schema',
      'note',
      [{ text: 1 }],
      { code: 'invalid', issues: [expect.objectContaining({ path: ['text'] })] },
    ],
    ['of a type', 'nothing', [{}], { code: 'unknown_type' }],
    ['of the module', 'fail', [{ code: 'no_way' }], { code: 'no_way', message: 'refused with no_way' }],
    ['of bytes', 'note', [Buffer.from('bytes')], { code: 'bad_message' }],
    ['of bytes inside', 'note', [{ text: 'x', more: [Buffer.from('bytes')] }], { code: 'bad_message' }],
    ['of arguments', 'note', [{ text: 'x' }, { id: '1' }, 'one too many'], { code: 'bad_message' }],
    ['of an id', 'note', [{ text: 'x' }, { id: 1 }], { code: 'bad_message' }],
    ['of a long id', 'note', [{ text: 'x' }, { id: 'x'.repeat(65) }], { code: 'bad_message' }],
  ]

  it.each(cases)('%s answers the ack, and is the event `error` where there is none', async (_, type, args, error) => {
    const ann = visit('/notes/errors')
    expect(await ann.say(type, ...args)).toEqual({ ok: false, message: TEXT, ...error })
    expect(ann.heard.all.map(([heard]) => heard)).not.toContain('error')
    ann.socket.emit(type, ...args)
    expect((await ann.next('error'))[0]).toEqual({ message: TEXT, ...error })
    expect(ann.socket.connected).toBe(true)
  })

  it('of an id that was said otherwise is a conflict, and a second time is a duplicate', async () => {
    const ann = visit('/notes/ids', { auth: { client: 'ids' } })
    expect(await ann.say('note', { text: 'one' }, { id: '1' })).toEqual({ ok: true, seq: 1, kept: 'fsync' })
    const again = { ok: true, seq: 1, kept: 'fsync', duplicate: true }
    expect(await ann.say('note', { text: 'one' }, { id: '1' })).toEqual(again)
    const conflict = { ok: false, code: 'conflict', message: TEXT }
    expect(await ann.say('note', { text: 'two' }, { id: '1' })).toEqual(conflict)
  })
})

describe('a refusal', () => {
  it.each([
    ['/nowhere', { code: 'no_such_room', status: 404 }],
    ['/locked', { code: 'no_token', status: 401 }],
    ['/uninvited', { code: 'not_invited', message: 'you are not on the list', status: 403 }],
    ['/full', { code: 'room_full', status: 503, retryAfterMs: 10_000 }],
    ['/few', { code: 'too_many', status: 429, retryAfterMs: 10_000 }],
  ])('by %s is a connect_error, after which the client stays out until it is told to connect', async (path, data) => {
    const isFull = path === '/full' || path === '/few'
    const first = isFull ? await stage.server.connect(path) : undefined
    const ann = visit(path)
    expect(await ann.refusals.next('a refusal')).toEqual({ message: TEXT, ...data })
    expect([ann.socket.active, ann.socket.connected, ann.heard.all]).toEqual([false, false, []])
    await first?.close()
    if (!isFull) return
    ann.socket.connect()
    await ann.next('welcome')
  })

  it.each([
    ['name', { name: 'x'.repeat(41) }],
    ['client', { client: 'not one word' }],
    ['offset', { offset: 'wrong' }],
  ])('of a bad %s says so', async (key, auth) => {
    const ann = visit('/notes/bad', { auth })
    expect(await ann.refusals.next('a refusal')).toEqual({ code: `bad_${key}`, message: TEXT, status: 400 })
  })
})

describe('an event', () => {
  it('is welcome first, then those of the room: what is kept with seq and time, all with the offset', async () => {
    const ann = visit('/notes/events', { auth: { name: 'Ann' } })
    const [welcome] = await ann.next('welcome')
    expect(welcome).toMatchObject({ room: '/notes/events', you: { id: TEXT, name: 'Ann' }, first: 1, seq: 0 })
    await ann.say('note', { text: 'one' })
    const kept = [{ text: 'one', from: 'Ann' }, { seq: 1, time: expect.any(Number) }, OFFSET]
    expect(await ann.next('noted')).toEqual(kept)
    const ben = await stage.server.connect('/notes/events', { name: 'Ben' })
    expect(await ann.next('came')).toEqual([{ name: 'Ben' }, {}, OFFSET])
    expect(ann.heard.all[0]?.[0]).toBe('welcome')
    await ben.close()
  })

  it('of a raw room is `message`, as it was sent: text or bytes', async () => {
    const ann = visit('/echo')
    await new Promise<void>((resolve) => ann.socket.on('connect', resolve))
    ann.socket.send('text')
    expect(await ann.next('message')).toEqual(['text'])
    ann.socket.emit('message', Buffer.from([0, 1, 255]))
    expect(await ann.next('message')).toEqual([Buffer.from([0, 1, 255])])
    expect(ann.socket.recovered).toBeFalsy()
    expect(ann.heard.all.map(([type]) => type)).toEqual(['message', 'message'])
  })
})
