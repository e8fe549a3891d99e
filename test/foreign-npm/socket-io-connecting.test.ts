/** How the stock client of Socket.IO connects: who it says it is, how many connections it makes, by which transports. */
import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { sign } from '../support/tokens.ts'
import { openStage } from './stage.ts'
import { openVisits } from './visits.ts'

const stage = openStage()
const visit = openVisits(() => stage.url)
const you = (name: string) => ({ you: { name } })

describe('who it says it is', () => {
  it('stands in auth, as an object', async () => {
    const ann = visit('/notes/auth', { auth: { name: 'Ann' } })
    expect((await ann.next('welcome'))[0]).toMatchObject(you('Ann'))
    const token = await sign({ sub: 'ben', name: 'Ben' })
    const ben = visit('/locked', { auth: { token } })
    expect((await ben.next('welcome'))[0]).toMatchObject({ you: { id: 'ben', name: 'Ben' } })
  })

  it('or as a function, which is asked at each connect', async () => {
    const tokens: string[] = []
    const auth = async (answer: (auth: object) => void) => {
      const token = await sign({ sub: 'cleo', name: `Cleo ${tokens.length}` })
      tokens.push(token)
      answer({ token })
    }
    const cleo = visit('/locked', { auth: (answer) => void auth(answer) })
    expect((await cleo.next('welcome'))[0]).toMatchObject(you('Cleo 0'))
    stage.proxy.cut()
    expect((await cleo.next('welcome'))[0]).toMatchObject(you('Cleo 1'))
  })

  it.each([
    [{}, 'no_token'],
    [{ token: 'wrong' }, 'bad_token'],
  ])('is checked: %j is refused with %s', async (auth, code) => {
    const dan = visit('/locked', { auth })
    expect(await dan.refusals.next('a refusal')).toEqual({ code, message: expect.any(String), status: 401 })
    expect(dan.socket.active).toBe(false)
    // What was wrong can be put right.
    dan.socket.auth = { token: await sign({ sub: 'dan', name: 'Dan' }) }
    dan.socket.connect()
    expect((await dan.next('welcome'))[0]).toMatchObject(you('Dan'))
  })
})

describe('its connections', () => {
  it('are one for all namespaces of a Manager, each with its own ends', async () => {
    const shared = { forceNew: false, auth: { name: 'Ann' } }
    const proxy = await stage.openProxy()
    const at = (path: string) => `http://127.0.0.1:${proxy.port}${path}`
    const one = visit(at('/notes/one'), { ...shared, transports: ['websocket'] })
    const two = visit(at('/notes/two'), { ...shared, transports: ['websocket'] })
    const no = visit(at('/nowhere'), { ...shared, transports: ['websocket'] })
    for (const each of [one, two]) expect((await each.next('welcome'))[0]).toMatchObject(you('Ann'))
    expect(await no.refusals.next('a refusal')).toMatchObject({ code: 'no_such_room' })
    expect([two.socket.io, no.socket.io]).toEqual([one.socket.io, one.socket.io])
    expect(proxy.accepted).toBe(1)
    one.socket.emit('leave')
    expect(await one.ends.next('the end')).toBe('io server disconnect')
    expect(await two.say('note', { text: 'still here' })).toMatchObject({ ok: true, seq: 1 })
    one.socket.connect()
    expect((await one.next('welcome'))[0]).toMatchObject(you('Ann'))
    two.socket.disconnect()
    expect(await one.say('note', { text: 'here again' })).toMatchObject({ ok: true, seq: 1 })
    expect(proxy.accepted).toBe(1)
  })

  it('are its own with forceNew', async () => {
    const one = visit('/notes/one')
    const two = visit('/notes/one')
    for (const each of [one, two]) await each.next('welcome')
    expect(one.socket.io).not.toBe(two.socket.io)
    expect(one.socket.id).not.toBe(two.socket.id)
  })

  it('are not made before connect() with autoConnect: false', async () => {
    const proxy = await stage.openProxy()
    const url = `http://127.0.0.1:${proxy.port}/notes/later`
    const ann = visit(url, { autoConnect: false, transports: ['websocket'] })
    // A connection of another client, which stands behind one of this client.
    await visit(url, { transports: ['websocket'] }).next('welcome')
    expect([proxy.accepted, ann.socket.active]).toEqual([1, false])
    ann.socket.connect()
    await ann.next('welcome')
    expect(proxy.accepted).toBe(2)
  })
})

describe('its transports', () => {
  it.each([[['polling']], [['websocket']], [['polling', 'websocket']], [['websocket', 'polling']]])(
    'are %j',
    async (transports) => {
      const ann = visit('/notes/transports', { transports })
      await ann.next('welcome')
      expect(await ann.say('note', { text: 'hello' })).toMatchObject({ ok: true })
    },
  )

  it('are all tried where WebSockets are blocked, with tryAllTransports', async () => {
    const isWebSocket = (head: string) => /^upgrade: websocket/im.test(head)
    const blocking = await stage.openProxy(isWebSocket)
    const transports = ['websocket', 'polling']
    const url = `http://127.0.0.1:${blocking.port}/notes/blocked`
    const ann = visit(url, { transports, tryAllTransports: true })
    await ann.next('welcome')
    expect(await ann.say('note', { text: 'by polling' })).toMatchObject({ ok: true })
    expect(ann.socket.io.engine.transport.name).toBe('polling')
  })
})

describe('another parser', () => {
  /** What a parser of MessagePack sends: every packet is bytes. */
  class Encoder {
    encode(packet: unknown) {
      return [Buffer.concat([Buffer.from([0x83]), Buffer.from(JSON.stringify(packet))])]
    }
  }
  class Decoder extends EventEmitter {
    add() {}
    destroy() {}
  }

  it('ends the connection, and nothing else', async () => {
    const ben = visit('/notes/parsers', { auth: { name: 'Ben' } })
    await ben.next('welcome')
    const ann = visit('/notes/parsers', { parser: { Encoder, Decoder }, reconnection: false })
    const closed = new Promise((resolve) => ann.socket.io.once('close', resolve))
    expect(await closed).toBe('transport close')
    expect(ann.heard.all).toEqual([])
    expect(await ben.say('note', { text: 'still here' })).toMatchObject({ ok: true, seq: 1 })
  })
})
