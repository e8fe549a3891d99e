/** Links over TCP: handshakes of nodes that belong together and of those that do not, and messages both ways. */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { Frame } from '../../src/delivery/frame.ts'
import { RoomError } from '../../src/errors.ts'
import type { LinkMessage } from '../../src/nodes/link-message.ts'
import { NetworkNodes } from '../support/linked-network.ts'

const [A, B, C] = ['node-a-0001', 'node-b-0002', 'node-c-0003']
const nodes = new NetworkNodes()
afterEach(() => nodes.end())

describe('a channel', () => {
  it('opens when both have proved who they are, and carries messages both ways', async () => {
    const [a, b] = [await nodes.start(A), await nodes.start(B)]
    const near = await a.dial(b)
    const [far] = b.accepted
    expect([near.channel.node, far?.channel.node]).toEqual([B, A])
    const items = [{ to: 'all', frame: new Frame('wave', '"é"', 3, 4), except: undefined }] as const
    near.channel.send({ op: 'receive', place: 1, session: 2, data: '{"type":"wave"}', ref: 1 })
    near.channel.send({ op: 'detach', place: 1 })
    far?.channel.send({ op: 'items', place: 1, items })
    expect((await far?.atLeast(2))?.map(({ op }) => op)).toEqual(['receive', 'detach'])
    const [heard] = await near.atLeast(1)
    expect(heard?.op === 'items' && heard.items[0]?.to === 'all' && heard.items[0].frame).toMatchObject({
      ...{ type: 'wave', data: '"é"', seq: 3, time: 4 },
    })
  })

  it('carries much in order, in batches', async () => {
    const [a, b] = [await nodes.start(A), await nodes.start(B)]
    const near = await a.dial(b)
    const data = 'x'.repeat(1000)
    for (let place = 0; place < 5000; place += 1)
      near.channel.send({ op: 'receive', place, session: 1, data, ref: undefined })
    const read = await b.accepted[0]?.atLeast(5000)
    expect(read?.map((message: LinkMessage) => message.op === 'receive' && message.place)).toEqual(
      Array.from({ length: 5000 }, (_, place) => place),
    )
    expect(near.channel.waitingBytes).toBe(0)
  })

  it('delivers what was sent before its end, and tells both sides once', async () => {
    const [a, b] = [await nodes.start(A), await nodes.start(B)]
    const near = await a.dial(b)
    near.channel.send({ op: 'detach', place: 1 })
    near.channel.close()
    near.channel.send({ op: 'detach', place: 2 })
    expect(near.ends).toBe(0)
    expect(await near.over).toBe('closed')
    const [far] = b.accepted
    await far?.over
    expect(far?.messages).toEqual([{ op: 'detach', place: 1 }])
    await b.network.close()
    expect([near.ends, far?.ends]).toEqual([1, 1])
  })

  it('is over for both when a node ends', async () => {
    const [a, b] = [await nodes.start(A), await nodes.start(B)]
    const near = await a.dial(b)
    await b.network.close()
    await Promise.all([near.over, b.accepted[0]?.over])
    await expect(a.dial(b)).rejects.toMatchObject({ failure: 'refused' })
  })

  it('is over for the one that closes it, also if the other side reads nothing', async () => {
    const [a, b] = [await nodes.start(A), await nodes.start(B)]
    const halves: Socket[] = []
    const relay = createServer((socket) => {
      const on = nodes.connect(b.address)
      halves.push(socket)
      socket.on('error', () => {})
      socket.pipe(on)
      on.pipe(socket)
    })
    nodes.onEnd(() => relay.close())
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
    const { port } = relay.address() as AddressInfo
    const near = await a.dial({ address: `127.0.0.1:${port}`, id: B })
    halves[0]?.unpipe()
    halves[0]?.pause()
    const data = 'x'.repeat(1_000_000)
    for (let sent = 0; sent < 40; sent += 1)
      near.channel.send({ op: 'receive', place: 1, session: 1, data, ref: undefined })
    await new Promise((resolve) => setImmediate(resolve))
    expect(near.channel.waitingBytes).toBeGreaterThan(10_000_000)
    near.channel.close()
    expect(await near.over).toBe('closed')
    // Nothing is left of it either, a moment later.
    await a.network.close()
  })

  it('is over when it is cut in the middle of a message', async () => {
    const [a, b] = [await nodes.start(A), await nodes.start(B)]
    const sockets: { destroy(): void }[] = []
    const relay = createServer((socket) => {
      const on = nodes.connect(b.address)
      sockets.push(socket, on)
      socket.on('error', () => {})
      socket.pipe(on)
      on.pipe(socket)
    })
    nodes.onEnd(() => relay.close())
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
    const { port } = relay.address() as AddressInfo
    const near = await a.dial({ address: `127.0.0.1:${port}`, id: B })
    const [far] = b.accepted
    near.channel.send({ op: 'receive', place: 1, session: 1, data: 'x'.repeat(60_000_000), ref: undefined })
    await new Promise((resolve) => setImmediate(resolve))
    for (const socket of sockets) socket.destroy()
    await Promise.all([near.over, far?.over])
    expect(far?.messages).toEqual([])
    // What is sent afterwards is lost without a word.
    near.channel.send({ op: 'detach', place: 1 })
  })
})

describe('a dial', () => {
  it('is refused where nobody listens, and where another node does', async () => {
    const [a, b] = [await nodes.start(A), await nodes.start(B)]
    await expect(a.dial({ address: b.address, id: C })).rejects.toMatchObject({
      failure: 'refused',
      message: `${b.address}: another node is there, not ${C}`,
    })
    await expect(a.dial({ address: a.address, id: A })).rejects.toMatchObject({ failure: 'refused' })
    await b.network.close()
    await expect(a.dial(b)).rejects.toMatchObject({
      failure: 'refused',
      message: expect.stringMatching('ECONNREFUSED'),
    })
  })

  it('fails where the other node has another secret, or none yet', async () => {
    const [a, b] = [await nodes.start(A), await nodes.start(B, { secret: () => Buffer.alloc(32, 2) })]
    await expect(a.dial(b)).rejects.toMatchObject({
      failure: 'unreachable',
      message: expect.stringMatching('does not accept the proof'),
    })
    expect(b.accepted).toEqual([])
    const secret = (): Uint8Array => {
      throw new RoomError('unavailable', 'Redis has not answered yet')
    }
    const c = await nodes.start(C, { secret })
    await expect(a.dial(c)).rejects.toMatchObject({ failure: 'unreachable' })
    await expect(c.dial(a)).rejects.toMatchObject({ failure: 'unreachable', message: expect.stringMatching('Redis') })
  })

  it('succeeds for a minute with the secret of before, whichever side knows the new one', async () => {
    let nowMs = 0
    const clock = { ...systemClock(), monotonic: () => nowMs }
    const secrets = { a: 1, b: 1 }
    const a = await nodes.start(A, { clock, secret: () => Buffer.alloc(32, secrets.a) })
    const b = await nodes.start(B, { clock, secret: () => Buffer.alloc(32, secrets.b) })
    await a.dial(b)
    secrets.b = 2
    await a.dial(b)
    await b.dial(a)
    nowMs = 59_999
    await a.dial(b)
    await b.dial(a)
    nowMs = 60_000
    await expect(a.dial(b)).rejects.toMatchObject({ failure: 'unreachable' })
    await expect(b.dial(a)).rejects.toMatchObject({ failure: 'unreachable' })
    secrets.a = 2
    await a.dial(b)
    await b.dial(a)
  })

  it('fails where something else listens, or what listens says nothing for 5 s', async () => {
    let late = () => {}
    const clock = systemClock()
    const a = await nodes.start(A, {
      clock: {
        ...clock,
        after(ms, fn) {
          if (ms === 5000) late = fn
          return clock.after(ms, fn)
        },
      },
    })
    const says: (string | undefined)[] = ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi', '220 smtp\r\n', undefined]
    const heard = Promise.withResolvers<void>()
    const other = createServer((socket) => {
      nodes.onEnd(() => socket.destroy())
      const text = says.shift()
      if (text === undefined) heard.resolve()
      else socket.write(text)
    })
    nodes.onEnd(() => other.close())
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const to = { address: `127.0.0.1:${(other.address() as AddressInfo).port}`, id: B }
    await expect(a.dial(to)).rejects.toMatchObject({
      failure: 'unreachable',
      message: expect.stringMatching('got 200'),
    })
    await expect(a.dial(to)).rejects.toMatchObject({ failure: 'unreachable' })
    const silent = a.dial(to)
    silent.catch(() => {})
    await heard.promise
    late()
    await expect(silent).rejects.toMatchObject({
      failure: 'unreachable',
      message: `${to.address}: no answer within 5 s`,
    })
  })

  it('fails where the other side does not prove itself', async () => {
    const [a, b] = [await nodes.start(A), await nodes.start(B)]
    // Between the two, somebody who knows no secret changes the proof.
    const relay = createServer((socket) => {
      const on = nodes.connect(b.address)
      socket.on('error', () => {})
      socket.pipe(on)
      on.on('data', (data) => socket.write(data.toString('latin1').replace(/(corridor-proof: )./i, '$1_'), 'latin1'))
    })
    nodes.onEnd(() => relay.close())
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
    const { port } = relay.address() as AddressInfo
    await expect(a.dial({ address: `127.0.0.1:${port}`, id: B })).rejects.toMatchObject({
      message: expect.stringMatching('has not proved'),
    })
    await b.accepted[0]?.over
  })
})

it('listens where it is told, and says what is wrong', async () => {
  const a = await nodes.start(A, { host: '0.0.0.0' })
  expect(a.address).toMatch(/^127\.0\.0\.1:\d+$/)
  const port = Number(a.address.split(':')[1])
  await expect(nodes.start(B, { host: '0.0.0.0', port })).rejects.toThrow(
    /LINK_HOST, LINK_PORT: expected an address of this machine and a free port .* got 0\.0\.0\.0 and \d+: .*EADDRINUSE/,
  )
  await expect(nodes.start(B, { host: '192.0.2.1' })).rejects.toThrow('EADDRNOTAVAIL')
})
