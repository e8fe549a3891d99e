/**
 * The parts of `ws` that have no public name, each by itself: which of them is missing in this version, and what it was
 * used for. A failure here means that `src/transports/websocket/ws-internals.ts` has to be read beside the new `ws`.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ServerOptions, WebSocket } from 'ws'
import {
  dataListenerOf,
  deflateOf,
  HandshakeServer,
  unfinishedBytes,
} from '../../../src/transports/websocket/ws-internals.ts'
import { frame, Op } from '../../support/bare-frames.ts'
import { Line, openUnplugged } from '../../support/unplugged.ts'

const versionIn = (file: string) => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'))
const { version } = versionIn('../../../node_modules/ws/package.json')
const why = (part: string) => `ws ${version} has not ${part} as src/transports/websocket/ws-internals.ts takes it to be`

function open(offer: Record<string, string> = {}) {
  const options = { perMessageDeflate: true, closeTimeout: 10, maxPendingAutoPongs: 7 }
  const { server, ws, line } = openUnplugged(options as ServerOptions, offer)
  ws.on('error', () => {})
  return { server, ws, receive: (bytes: Buffer) => line.emit('data', bytes), line }
}

it('is pinned, and no other version is installed', () => {
  expect(versionIn('../../../package.json').dependencies.ws).toBe(version)
})

describe('ws has', () => {
  it.each([
    ['_state', 0],
    ['_fragmented', 0],
    ['_bufferedBytes', 0],
    ['_opcode', 0],
    ['_payloadLength', 0],
    ['_totalPayloadLength', 0],
  ])('_receiver.%s, a number', (field, value) => {
    const receiver = Reflect.get(open().ws, '_receiver')
    expect(Reflect.get(receiver, field), why(`_receiver.${field}`)).toBe(value)
  })

  it('_extensions["permessage-deflate"], with params and decompress', () => {
    const { ws } = open({
      'sec-websocket-extensions': 'permessage-deflate; client_no_context_takeover; client_max_window_bits=12',
    })
    expect(Reflect.get(ws, '_extensions'), why('_extensions')).toBeTypeOf('object')
    const deflate = deflateOf(ws)
    expect(deflate, why('_extensions["permessage-deflate"]')).toBeDefined()
    expect(deflate?.decompress, why('decompress()')).toBeTypeOf('function')
    expect(deflate?.params, why('params')).toEqual({ client_no_context_takeover: true, client_max_window_bits: 12 })
    expect(deflateOf(open().ws), why('no extension where none was offered')).toBeUndefined()
  })

  it('decompress() called for a compressed message, in place of its own', () => {
    const { ws, receive } = open({ 'sec-websocket-extensions': 'permessage-deflate' })
    const calls: unknown[] = []
    const deflate = deflateOf(ws)
    if (deflate) deflate.decompress = (bytes, isLast) => calls.push([bytes.toString(), isLast])
    receive(frame(Op.text, 'ab', { rsv: 4 }))
    expect(calls, why('decompress(bytes, isLast, done)')).toEqual([['ab', true]])
  })

  it('its listener for bytes last on the socket, called with the socket', () => {
    const { ws, line } = open()
    const heard: string[] = []
    ws.on('message', (data) => heard.push(String(data)))
    const listener = dataListenerOf(line)
    line.off('data', listener)
    listener.call(line, frame(Op.text, 'hello'))
    expect(heard, why('the last "data" listener')).toEqual(['hello'])
  })

  it('options that its types lack', () => {
    expect(open().server.options, why('closeTimeout and maxPendingAutoPongs')).toMatchObject({
      closeTimeout: 10,
      maxPendingAutoPongs: 7,
    })
  })
})

describe('how much there is of a message that is not whole', () => {
  const message = frame(Op.text, 'x'.repeat(300))
  const parts: [words: string, bytes: Buffer[], count: number | undefined][] = [
    ['nothing came', [], undefined],
    ['the first byte', [message.subarray(0, 1)], 1],
    ['the head without the mask', [message.subarray(0, 4)], 0],
    ['the head', [message.subarray(0, 8)], 0],
    ['a part of the payload', [message.subarray(0, 108)], 100],
    ['all', [message], undefined],
    ['a fragment', [frame(Op.text, 'abc', { isFinal: false })], 3],
    ['a fragment and a ping', [frame(Op.text, 'abc', { isFinal: false }), frame(Op.ping, 'abcd')], 3],
    [
      'a fragment and a part of the next',
      [frame(Op.text, 'abc', { isFinal: false }), frame(Op.continuation, 'defgh').subarray(0, 8)],
      5,
    ],
    [
      'a fragment and a part of a ping',
      [frame(Op.text, 'abc', { isFinal: false }), frame(Op.ping, 'abcd').subarray(0, 8)],
      5,
    ],
  ]
  it.each(parts)('after %s', (words, bytes, count) => {
    const { ws, receive } = open()
    for (const part of bytes) receive(part)
    expect(unfinishedBytes(ws), why(`its counts after ${words}`)).toBe(count)
  })
})

describe('a plain handshake', () => {
  function opened(headers: Record<string, string>) {
    const server = new HandshakeServer({ noServer: true, maxPayload: 5, handleProtocols: () => 'chat' })
    onTestFinished(() => server.close())
    const line = new Line()
    let written = ''
    line._write = (chunk, _, done) => {
      written += chunk
      done()
    }
    const request = Object.assign(Object.create(null), {
      method: 'GET',
      headers: {
        upgrade: 'websocket',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'sec-websocket-version': '13',
        ...headers,
      },
    })
    let found: { ws: WebSocket; answer: string | undefined } | undefined
    server.open(request, line, Buffer.alloc(0), (ws, answer) => {
      found = { ws, answer }
    })
    if (!found) throw new Error('expected the handshake to be taken')
    return { ...found, line, written }
  }

  it('is opened as ws opens it, and its answer is left to the callback', async () => {
    const { ws, answer, line, written } = opened({})
    expect(written).toBe('')
    // The example of RFC 6455, 1.3.
    expect(answer).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
    )
    expect(ws.readyState, why('setSocket')).toBe(ws.OPEN)
    const heard: string[] = []
    const broken: string[] = []
    ws.on('message', (data) => heard.push(String(data)))
    ws.on('error', ({ message }) => broken.push(message))
    line.emit('data', frame(Op.text, 'hello'))
    expect(heard, why('setSocket')).toEqual(['hello'])
    line.emit('data', frame(Op.text, 'hello!'))
    await new Promise(setImmediate)
    expect(broken, why('the options of setSocket')).toEqual(['Max payload size exceeded'])
  })

  it('with a subprotocol is answered by ws', () => {
    const { answer, written } = opened({ 'sec-websocket-protocol': 'chat' })
    expect(answer).toBe(undefined)
    expect(written).toMatch(/^HTTP\/1\.1 101 .+Sec-WebSocket-Protocol: chat\r\n/s)
  })
})
