/**
 * Reading a room over plain HTTP: the reader is charged for it, a connection holds one page at a time, and a page that is
 * not taken is dropped.
 */
import { connect } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { defineRoom } from '../../src/define.ts'
import { Readers } from '../../src/room/readers.ts'
import { type HandClock, handClock } from '../../src/testing/hand-clock.ts'
import { closeInTime } from '../support/close-in-time.ts'
import { startServer, type TestServer } from '../support/server.ts'

const KIB = 1024
const BYTES = 4 * KIB

/** Lets everything that is due be written. */
async function written(): Promise<void> {
  for (let turns = 0; turns < 200; turns += 1) await setImmediate()
}

describe('reading over HTTP', () => {
  let server: TestServer
  let clock: HandClock | undefined
  afterEach(async () => {
    await (clock ? closeInTime(server, clock) : server.close())
    clock = undefined
  })

  async function open(count: number, limits = {}): Promise<string> {
    let say: (text: string) => Promise<unknown> = async () => {}
    const definition = defineRoom({
      receives: { more: z.int() },
      sends: { said: z.string() },
      open(room) {
        say = (text) => room.publish('said', text)
        return { receive: { more() {} } }
      },
    })
    server = await startServer({
      server: { limits },
      rooms: { '/talk': { definition, history: { keep: 20_000 } } },
      ...(clock && { clock }),
    })
    const peer = await server.connect('/talk')
    await Promise.all(Array.from({ length: count }, (_, index) => say(`${index} `.padEnd(BYTES, 'x'))))
    await peer.close()
    return `${server.url}/talk`
  }

  it('reads 2,000 events in pages of at most 128 KiB, unhindered', async () => {
    const url = await open(2000)
    let at = '-1'
    let events = 0
    for (let isOver = false; !isOver; ) {
      const answer = await fetch(`${url}?offset=${at}`)
      expect(answer.status).toBe(200)
      const body = await answer.text()
      expect(body.length).toBeLessThanOrEqual(130 * KIB)
      events += JSON.parse(body).length
      at = answer.headers.get('Stream-Next-Offset') ?? ''
      isOver = answer.headers.has('Stream-Up-To-Date')
    }
    expect(events).toBe(2000)
  })

  it('is charged by the bytes, so that a client that reads everything again and again gets 429', async () => {
    clock = handClock()
    const url = await open(200)
    let pages = 0
    let answer = await fetch(`${url}?offset=-1`)
    for (; answer.status === 200 && pages < 3000; pages += 1) {
      await answer.arrayBuffer()
      answer = await fetch(`${url}?offset=-1`)
    }
    expect([answer.status, Number(answer.headers.get('Retry-After')) > 0]).toEqual([429, true])
    expect(await answer.json()).toMatchObject({ error: 'too_many' })
    // Half a handshake's worth of KiB each: 1000 at once are some 500 pages of 128 KiB.
    expect(pages).toBeGreaterThan(300)
    expect(pages).toBeLessThan(1000)
  })

  it('makes one page at a time for a connection, however many requests come in one packet', async () => {
    await open(200)
    const made = vi.spyOn(Readers.prototype, 'page')
    const asked = 300
    const socket = connect(server.port, '127.0.0.1').pause()
    socket.write('GET /talk?offset=-1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'.repeat(asked))
    await expect.poll(() => made.mock.calls.length).toBeGreaterThan(0)
    await written()
    // What the system's own buffers take is taken; nothing more is made before it.
    expect(made.mock.calls.length).toBeLessThan(asked / 2)
    socket.resume()
    await expect.poll(() => made.mock.calls.length).toBe(asked)
    socket.destroy()
    made.mockRestore()
  })

  it('counts what waits for its readers against server.limits.buffered', async () => {
    await open(200, { buffered: '64KiB' })
    const made = vi.spyOn(Readers.prototype, 'page')
    const socket = connect(server.port, '127.0.0.1').pause()
    let isGone = false
    socket
      .on('error', () => {})
      .once('close', () => {
        isGone = true
      })
    // Far more than the system's own buffers take, so that a page of 128 KiB waits in the server.
    socket.write('GET /talk?offset=-1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'.repeat(300))
    await expect.poll(() => made.mock.calls.length).toBeGreaterThan(0)
    await written()
    socket.resume()
    await expect.poll(() => isGone || made.mock.calls.length === 300).toBe(true)
    expect(isGone).toBe(true)
    expect(made.mock.calls.length).toBeLessThan(150)
    made.mockRestore()
  })

  it('drops a page that is not taken, after limits.sendTimeout', async () => {
    clock = handClock()
    await open(200)
    const made = vi.spyOn(Readers.prototype, 'page')
    const socket = connect(server.port, '127.0.0.1').pause()
    const gone = new Promise((resolve) => socket.on('error', () => {}).once('close', resolve))
    socket.write('GET /talk?offset=-1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'.repeat(300))
    await expect.poll(() => made.mock.calls.length).toBeGreaterThan(0)
    await written()
    await clock.advance(120_000)
    socket.resume()
    await gone
    expect(made.mock.calls.length).toBeLessThan(150)
    made.mockRestore()
  })
})
