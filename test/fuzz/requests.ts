/** HTTP requests to room paths made by chance: reads with odd offsets, live reads, posts, and requests that are broken. */
import type { Dice } from '../support/random.ts'
import { envelope } from './envelopes.ts'
import { mutated } from './frames.ts'

const METHODS = [
  'GET',
  'GET',
  'GET',
  'GET',
  'HEAD',
  'POST',
  'POST',
  'PUT',
  'DELETE',
  'OPTIONS',
  'PATCH',
  'TRACE',
  'get',
  'PROPFIND',
]
const PATHS = ['/chat/', '//chat', '/chat%00', '/%', '/..%2fchat', '*', '/']
const ROOMS = ['/chat', '/chat', '/r/fuzz', '/r/%E8%8C%B6', '/echo']
const OFFSETS = [
  '-1',
  'now',
  '0',
  '-2',
  '',
  '0_0',
  '0'.repeat(32),
  `${'0'.repeat(32)}_${'0'.repeat(16)}`,
  '1e9',
  '%00',
  '__proto__',
  'x'.repeat(5000),
  '9'.repeat(40),
]
const LIVE = ['sse', 'long-poll', 'auto', '', 'SSE', 'x']
const ACCEPT = [
  '*/*',
  'text/html',
  'application/json',
  'text/event-stream',
  'text/*;q=0',
  ';;;',
  'a/b;q=9',
  'x'.repeat(2000),
]
const TYPES = [
  'application/json',
  'application/json; charset=utf-16',
  'text/plain',
  'application/octet-stream',
  '',
  'multipart/form-data',
]
const PRODUCER = ['0', '1', '-1', '9007199254740993', 'x', '', '1e3', '007']

/** The bytes of one request. */
export function httpRequest(random: Dice): Buffer {
  const method = random.pick(METHODS)
  const body = /^(POST|PUT|PATCH)$/.test(method) ? posted(random) : ''
  const headers = ['Host: 127.0.0.1', 'Connection: close', ...some(random, HEADERS).map((header) => header(random))]
  if (body) headers.push(`Content-Type: ${random.oneIn(3) ? random.pick(TYPES) : 'application/json'}`)
  if (body || random.oneIn(20)) headers.push(length(random, body))
  const text = `${method} ${target(random)} HTTP/1.${random.oneIn(20) ? 0 : 1}\r\n${headers.join('\r\n')}\r\n\r\n${body}`
  const bytes = Buffer.from(text)
  return random.oneIn(20) ? mutated(random, bytes) : bytes
}

const HEADERS: ((random: Dice) => string)[] = [
  (random) => `Accept: ${random.pick(ACCEPT)}`,
  (random) =>
    `Origin: ${random.pick(['http://127.0.0.1', 'null', 'http://evil.example', '', 'http://[', 'x'.repeat(3000)])}`,
  (random) => `If-None-Match: ${random.pick(['*', '"x"', 'W/"', ''])}`,
  (random) => `Producer-Id: ${random.pick(['p', '', '__proto__', 'x'.repeat(3000)])}`,
  (random) => `Producer-Epoch: ${random.pick(PRODUCER)}`,
  (random) => `Producer-Seq: ${random.pick(PRODUCER)}`,
  (random) => `Corridor-Peer: ${random.pick(['x', '', '__proto__', 'e30.e30.x'])}`,
  (random) => `Last-Event-ID: ${random.pick(OFFSETS).slice(0, 2000)}`,
  (random) => `Upgrade: ${random.pick(['h2c', 'websocket', 'TLS/1.0'])}`,
  (random) => `Range: bytes=${random.pick(['0-', '-1', '9-0', 'x'])}`,
  (random) => `__proto__: ${random.below(10)}`,
  (random) => `Cookie: ${random.pick(['a=b', '__proto__=1', '=;=;'])}`,
]

function target(random: Dice): string {
  const live = random.oneIn(2)
  const parts = [
    ...(live || random.oneIn(2) ? [`offset=${mostly(random, ['-1', 'now'], OFFSETS)}`] : []),
    ...(live ? [`live=${mostly(random, ['sse', 'long-poll'], LIVE)}`] : []),
    ...(random.oneIn(6) ? [`cursor=${random.pick(['0', '-1', 'x', '99999999999999999999'])}`] : []),
    ...(random.oneIn(4) ? [`client=${mostly(random, ['c1', 'c2'], ['', '%00', 'x'.repeat(300), '__proto__'])}`] : []),
    ...(random.oneIn(4) ? [`name=${mostly(random, ['ann', '%F0%9F%98%80'], ['%E8', '%', '__proto__'])}`] : []),
    ...(random.oneIn(20) ? ['offset=now&offset=-1'] : []),
  ]
  return mostly(random, ROOMS, PATHS) + (parts.length > 0 ? `?${parts.join('&')}` : '')
}

/** One of the good, and now and then one of the others. */
function mostly(random: Dice, good: readonly string[], others: readonly string[]): string {
  return random.oneIn(6) ? random.pick(others) : random.pick(good)
}

function posted(random: Dice): string {
  if (random.oneIn(2)) return envelope(random)
  return `[${Array.from({ length: random.below(6) }, () => envelope(random)).join()}]`
}

function length(random: Dice, body: string): string {
  if (random.oneIn(12))
    return `Content-Length: ${random.pick(['-1', '0', '99999999999', 'x', '1, 1', '5\r\nContent-Length: 6'])}`
  if (random.oneIn(25)) return 'Transfer-Encoding: chunked'
  return `Content-Length: ${Buffer.byteLength(body)}`
}

function some<T>(random: Dice, list: readonly T[]): T[] {
  return list.filter(() => random.oneIn(12))
}
