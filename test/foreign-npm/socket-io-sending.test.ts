/** How the stock client of Socket.IO sends: acks, timeouts, retries, volatile and compressed messages, an upgrade meanwhile. */
import { describe, expect, it } from 'vitest'
import { openStage } from './stage.ts'
import { openVisits } from './visits.ts'

const stage = openStage()
const visit = openVisits(() => stage.url)

interface Note {
  seq: number
  data: { text: string }
}

const history = async (path: string) =>
  ((await (await fetch(`${stage.server.url}${path}?offset=-1`)).json()) as Note[]).map(({ data }) => data.text)
const numbers = (count: number) => Array.from({ length: count }, (_, index) => `${index + 1}`)

describe('the stock client', () => {
  it('is answered by emitWithAck, and by an ack of its own', async () => {
    const ann = visit('/notes/acks')
    expect(await ann.say('note', { text: 'one' })).toEqual({ ok: true, seq: 1, kept: 'fsync' })
    const { promise, resolve } = Promise.withResolvers()
    ann.socket.emit('note', { text: 'two' }, resolve)
    expect(await promise).toEqual({ ok: true, seq: 2, kept: 'fsync' })
    expect(await ann.say('whisper', { text: 'three' })).toMatchObject({ ok: true })
  })

  it('gives up after its timeout, and is answered within it', async () => {
    const ann = visit('/held')
    const { socket } = ann
    await ann.next('welcome')
    const late = expect(socket.timeout(20).emitWithAck('hold', 'too long')).rejects.toThrow('timed out')
    await expect.poll(() => stage.held.calls).toContain('hold too long')
    await late
    stage.held.release('too long')
    expect(await socket.timeout(60_000).emitWithAck('say', 'in time')).toMatchObject({ ok: true, seq: 1 })
    const { promise, resolve } = Promise.withResolvers<unknown[]>()
    socket.timeout(60_000).emit('say', 'again', (...args: unknown[]) => resolve(args))
    expect(await promise).toEqual([null, { ok: true, seq: 2, kept: 'fsync' }])
  })

  it.each([['websocket'], ['polling']])(
    'retries over lost connections, each message handled once (%s)',
    async (way) => {
      const path = `/notes/retries-${way}`
      const auth = { client: `retries-${way}` }
      const ann = visit(path, { transports: [way], retries: 100, ackTimeout: 10_000, auth })
      // Just when the event is heard, before its ack; and some while the handler waits.
      ann.socket.on('noted', ({ text }: { text: string }) => {
        if (Number(text) % 3 === 0) stage.proxy.cut()
        if (Number(text) % 5 === 0) setImmediate(() => stage.proxy.cut())
      })
      const answers = await Promise.all(
        numbers(16).map((text) => ann.say(Number(text) % 2 ? 'note' : 'slow', { text }, { id: text })),
      )
      expect(answers.map(({ ok, seq }) => [ok, seq])).toEqual(numbers(16).map((text) => [true, Number(text)]))
      expect(await history(path)).toEqual(numbers(16))
      const heard = ann.heard.all.filter(([type]) => type === 'noted').map(([, data]) => data)
      expect(heard).toMatchObject(numbers(16).map((text) => ({ text })))
    },
  )

  it('drops volatile messages while it is not connected, and no others', async () => {
    const ann = visit('/notes/volatile', { autoConnect: false })
    ann.socket.volatile.emit('note', { text: 'dropped' })
    ann.socket.emit('note', { text: 'buffered' })
    ann.socket.connect()
    await ann.next('noted')
    ann.socket.volatile.emit('note', { text: 'sent' })
    await ann.next('noted')
    expect(await history('/notes/volatile')).toEqual(['buffered', 'sent'])
  })

  it.each([true, false])('is heard with compress(%s)', async (compress) => {
    const ann = visit(`/notes/compress-${compress}`)
    const text = 'the same words again and again, '.repeat(500)
    expect(await ann.socket.compress(compress).emitWithAck('note', { text })).toMatchObject({ ok: true, seq: 1 })
    expect((await ann.next('noted'))[0]).toMatchObject({ text })
  })

  it('sees all that comes and goes, in order', async () => {
    const ann = visit('/notes/any', { auth: { name: 'Ann' } })
    const sent: unknown[][] = []
    ann.socket.onAnyOutgoing((...args: unknown[]) => sent.push(args))
    await ann.next('welcome')
    await ann.say('note', { text: 'one' })
    ann.socket.emit('fail', { code: 'no_way' })
    expect((await ann.next('error'))[0]).toMatchObject({ code: 'no_way' })
    expect(ann.heard.all.map(([type]) => type)).toEqual(['welcome', 'noted', 'error'])
    expect(sent.map(([type, data]) => [type, data])).toEqual([
      ['note', { text: 'one' }],
      ['fail', { code: 'no_way' }],
    ])
  })

  it('misses, repeats and reorders nothing while it changes from polling to WebSocket', async () => {
    const path = '/notes/upgrade'
    const ben = await stage.server.connect(path, { name: 'Ben' })
    await ben.next('welcome')
    const ann = visit(path, { auth: { name: 'Ann' } })
    const upgraded = new Promise((resolve) => {
      ann.socket.io.on('open', () => ann.socket.io.engine.once('upgrade', resolve))
    })
    await ann.next('welcome')
    const mine = numbers(20).map((text) => ann.say('note', { text }))
    for (const text of numbers(20)) ben.send('note', { text })
    await upgraded
    const answers = await Promise.all([...mine, ann.say('note', { text: '21' })])
    const seqs = answers.map(({ seq }) => seq ?? 0)
    expect(seqs).toEqual(seqs.toSorted((one, other) => one - other))
    const heard: unknown[] = []
    while (heard.length < 41) heard.push((await ann.next('noted'))[1])
    expect(heard).toMatchObject(numbers(41).map((seq) => ({ seq: Number(seq) })))
    expect(ann.socket.io.engine.transport.name).toBe('websocket')
    await ben.close()
  })
})
