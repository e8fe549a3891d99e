/**
 * Requests that two readers may cut at different places, so that what one takes for a body is the next request to the
 * other. Each case hides a request for `/metrics`, which no proxy lets through: a server that answers it was reached by
 * a request its proxy never saw (catalogue: ST4).
 */

export interface DesyncCase {
  readonly name: string
  /** The bytes of one connection. */
  readonly bytes: string
  /** What a server by itself must answer first: a refusal, or (the request is proper) what it answers anyone. */
  readonly isProper: boolean
}

export const HIDDEN = 'GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Hidden: yes\r\n\r\n'

const HEAD = 'POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
const TEXT = '{"type":"message","data":{"text":"x"}}'
const CHUNK = `${hex(TEXT.length)}\r\n${TEXT}\r\n`
const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const LAST = '0\r\n\r\n'

const bad = (name: string, bytes: string): DesyncCase => ({ name, bytes, isProper: false })
const proper = (name: string, bytes: string): DesyncCase => ({ name, bytes, isProper: true })
const length = (text: string | number) => `Content-Length: ${typeof text === 'number' ? text : text.length}\r\n`
const hidden = HIDDEN.length

/** A hidden request as a chunk, for a reader of chunks; the next request, for a reader of the length. */
const AS_CHUNK = `${hex(hidden)}\r\n${HIDDEN}\r\n${LAST}`

export const CASES: readonly DesyncCase[] = [
  ...bothLengths(),
  ...otherCodings(),
  ...otherLengths(),
  ...folds(),
  ...lineEnds(),
  ...chunks(),
  ...heads(),
  proper('a GET with a body', `GET /chat HTTP/1.1\r\nHost: localhost\r\n${length(hidden)}\r\n${HIDDEN}`),
  proper('a GET with a chunked body', `GET /chat HTTP/1.1\r\nHost: localhost\r\n${CHUNKED}\r\n${AS_CHUNK}`),
  proper('a HEAD with a body', `HEAD /chat HTTP/1.1\r\nHost: localhost\r\n${length(hidden)}\r\n${HIDDEN}`),
  proper('an OPTIONS with a body', `OPTIONS /chat HTTP/1.1\r\nHost: localhost\r\n${length(hidden)}\r\n${HIDDEN}`),
  proper('a DELETE with a body', `DELETE /chat HTTP/1.1\r\nHost: localhost\r\n${length(hidden)}\r\n${HIDDEN}`),
  proper('a refused POST with a body', `POST /nowhere HTTP/1.1\r\nHost: localhost\r\n${length(hidden)}\r\n${HIDDEN}`),
  proper('a body that is awaited', `${HEAD}${length(hidden)}Expect: 100-continue\r\n\r\n${HIDDEN}`),
  proper(
    'a GET that awaits a body',
    `GET /chat HTTP/1.1\r\nHost: localhost\r\n${length(hidden)}Expect: 100-continue\r\n\r\n${HIDDEN}`,
  ),
  proper(
    'an upgrade to something else with a body',
    `GET /chat HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n${length(hidden)}\r\n${HIDDEN}`,
  ),
  bad(
    'an upgrade with a body',
    `GET /chat HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${length(hidden)}\r\n${HIDDEN}`,
  ),
  proper(
    'the length as a header of the connection alone',
    `${HEAD}${length(hidden)}Connection: Content-Length\r\n\r\n${HIDDEN}`,
  ),
]

/** Length and chunks at once (RFC 9112, 6.1). */
function bothLengths(): DesyncCase[] {
  const clTe = `${LAST}${HIDDEN}`
  return [
    bad('CL.TE', `${HEAD}${length(clTe)}${CHUNKED}\r\n${clTe}`),
    bad('CL.TE, the coding first', `${HEAD}${CHUNKED}${length(clTe)}\r\n${clTe}`),
    bad('TE.CL', `${HEAD}${length(hex(hidden).length + 2)}${CHUNKED}\r\n${AS_CHUNK}`),
    bad('TE.CL, the coding first', `${HEAD}${CHUNKED}${length(hex(hidden).length + 2)}\r\n${AS_CHUNK}`),
    bad('CL.TE with a length of 0', `${HEAD}${length(0)}${CHUNKED}\r\n${AS_CHUNK}`),
    bad(
      'chunks in HTTP/1.0',
      `${HEAD.replace('1.1', '1.0')}${length(clTe)}${CHUNKED}Connection: keep-alive\r\n\r\n${clTe}`,
    ),
  ]
}

/** A coding that one reader knows and another does not. */
function otherCodings(): DesyncCase[] {
  const codings = [
    'xchunked',
    'chunkedx',
    'chunked, identity',
    'identity, chunked',
    'identity',
    'chunked, chunked',
    'gzip, chunked',
    '"chunked"',
    'chunked;q=1',
    'chunked\u000b',
    '\u000bchunked',
    'chunked\u0000',
    'chu nked',
    ',chunked',
    '',
  ]
  const clTe = `${LAST}${HIDDEN}`
  return codings
    .flatMap((coding) => [
      bad(
        `Transfer-Encoding: ${JSON.stringify(coding)} with a length`,
        `${HEAD}${length(clTe)}Transfer-Encoding: ${coding}\r\n\r\n${clTe}`,
      ),
      bad(
        `TE.CL with Transfer-Encoding: ${JSON.stringify(coding)}`,
        `${HEAD}${length(hex(hidden).length + 2)}Transfer-Encoding: ${coding}\r\n\r\n${AS_CHUNK}`,
      ),
    ])
    .concat(
      [
        ['two codings', `${CHUNKED}Transfer-Encoding: identity\r\n`],
        ['two codings, chunked last', `Transfer-Encoding: identity\r\n${CHUNKED}`],
        ['chunked twice', `${CHUNKED}${CHUNKED}`],
        ['a space before the colon', 'Transfer-Encoding : chunked\r\n'],
        ['a tab before the colon', 'Transfer-Encoding\t: chunked\r\n'],
        ['a space before the name', ' Transfer-Encoding: chunked\r\n'],
        ['an underscore in the name', 'Transfer_Encoding: chunked\r\n'],
        ['a NUL in the name', 'Transfer-\u0000Encoding: chunked\r\n'],
        ['a bare LF before it', 'X-A: b\nTransfer-Encoding: chunked\r\n'],
        ['a bare CR before it', 'X-A: b\rTransfer-Encoding: chunked\r\n'],
        ['a bare CR after it', 'Transfer-Encoding: chunked\rX-A: b\r\n'],
      ].map(([name, header]) => {
        const isUnknown = name === 'an underscore in the name'
        const bytes = `${HEAD}${length(clTe)}${header}\r\n${clTe}`
        return isUnknown ? proper(`CL.TE with ${name}`, bytes) : bad(`CL.TE with ${name}`, bytes)
      }),
    )
}

/** A length that is no number, or more than one. */
function otherLengths(): DesyncCase[] {
  const values = [
    `+${hidden}`,
    `-${hidden}`,
    `0x${hex(hidden)}`,
    `${hidden}, ${hidden}`,
    `${hidden}, 0`,
    `${hidden} 0`,
    `${hidden}.0`,
    `${hidden}e0`,
    `0${'9'.repeat(30)}`,
    '',
    'x',
    `${hidden}\u0000`,
    `"${hidden}"`,
  ]
  return [
    ...values.map((value) =>
      bad(`Content-Length: ${JSON.stringify(value)}`, `${HEAD}Content-Length: ${value}\r\n\r\n${HIDDEN}`),
    ),
    bad('two lengths that differ', `${HEAD}${length(0)}${length(hidden)}\r\n${HIDDEN}`),
    bad('two lengths that differ, 0 last', `${HEAD}${length(hidden)}${length(0)}\r\n${HIDDEN}`),
    bad('the same length twice', `${HEAD}${length(hidden)}${length(hidden)}\r\n${HIDDEN}`),
    bad('a space before the colon of a length', `${HEAD}Content-Length : ${hidden}\r\n\r\n${HIDDEN}`),
    bad('a length with a space before its name', `${HEAD} Content-Length: ${hidden}\r\n\r\n${HIDDEN}`),
  ]
}

/** A header over two lines (RFC 9112, 5.2). */
function folds(): DesyncCase[] {
  const clTe = `${LAST}${HIDDEN}`
  return [
    bad('a coding on the next line', `${HEAD}${length(clTe)}Transfer-Encoding:\r\n chunked\r\n\r\n${clTe}`),
    bad(
      'a coding on the next line, after a tab',
      `${HEAD}${length(clTe)}Transfer-Encoding:\r\n\tchunked\r\n\r\n${clTe}`,
    ),
    bad('a coding that goes on', `${HEAD}${length(clTe)}Transfer-Encoding: chunked\r\n , identity\r\n\r\n${clTe}`),
    bad('a length on the next line', `${HEAD}Content-Length:\r\n ${hidden}\r\n\r\n${HIDDEN}`),
    bad('a length that goes on', `${HEAD}Content-Length: 1\r\n ${hidden}\r\n\r\n${HIDDEN}`),
    bad('a header folded into a request', `${HEAD}X-A: b\r\n ${HIDDEN}`),
  ]
}

/** A line that ends with LF or CR alone. */
function lineEnds(): DesyncCase[] {
  return [
    bad('a head that ends with two LF', `${HEAD}${length(0)}X-A: b\n\n${HIDDEN}`),
    bad('a head of LF alone', `${HEAD.replaceAll('\r\n', '\n')}${length(hidden).replace('\r\n', '\n')}\n${HIDDEN}`),
    bad('a head that ends with CR LF LF', `${HEAD}${length(0)}\n${HIDDEN}`),
    bad('a head that ends with two CR', `${HEAD}${length(0)}X-A: b\r\r${HIDDEN}`),
    bad('CR CR LF', `${HEAD}${length(hidden).replace('\r\n', '\r\r\n')}\r\n${HIDDEN}`),
    bad('a bare CR in a value', `${HEAD}X-A: b\r\r\n${length(hidden)}\r\n${HIDDEN}`),
    bad('a request line that ends with LF', `POST /chat HTTP/1.1\nHost: localhost\r\n${length(hidden)}\r\n${HIDDEN}`),
  ]
}

/** Chunks that are not as RFC 9112, 7.1 has them, and two that are. */
function chunks(): DesyncCase[] {
  const chunked = (body: string) => `${HEAD}${CHUNKED}\r\n${body}`
  return [
    proper('a chunk extension', chunked(`${hex(TEXT.length)};a=b\r\n${TEXT}\r\n${LAST}`)),
    proper('a trailer that names a length', chunked(`${CHUNK}0\r\n${length(hidden)}\r\n`)),
    bad('a chunk extension with a LF in it', chunked(`${hex(TEXT.length)};a\n${TEXT}\r\n${AS_CHUNK}`)),
    bad('a chunk extension that hides a chunk', chunked(`2;\nxx\r\n${hex(hidden)}\r\n0\r\n\r\n${HIDDEN}`)),
    bad('a last chunk with an extension that ends with LF', chunked(`${CHUNK}0;a\n\r\n${HIDDEN}`)),
    bad('a chunk extension of 70 kB', chunked(`${hex(TEXT.length)};${'a'.repeat(70_000)}\r\n${TEXT}\r\n${LAST}`)),
    bad('a chunk extension with a bare CR', chunked(`${hex(TEXT.length)};a\rb\r\n${TEXT}\r\n${AS_CHUNK}`)),
    bad('a size with a prefix', chunked(`0x${hex(TEXT.length)}\r\n${TEXT}\r\n${AS_CHUNK}`)),
    bad('a size with a sign', chunked(`+${CHUNK}${AS_CHUNK}`)),
    bad('a size with a minus', chunked(`-${CHUNK}${AS_CHUNK}`)),
    bad('a size after a space', chunked(` ${CHUNK}${AS_CHUNK}`)),
    bad('a size that overflows', chunked(`1${'0'.repeat(15)}${hex(TEXT.length)}\r\n${TEXT}\r\n${AS_CHUNK}`)),
    bad('a size with an underscore', chunked(`1_0\r\n${TEXT}\r\n${AS_CHUNK}`)),
    bad('no size', chunked(`\r\n${TEXT}\r\n${AS_CHUNK}`)),
    bad('a size line that ends with LF', chunked(`${hex(TEXT.length)}\n${TEXT}\r\n${AS_CHUNK}`)),
    bad('a chunk that ends with LF', chunked(`${hex(TEXT.length)}\r\n${TEXT}\n${AS_CHUNK}`)),
    bad('a chunk that is longer than it says', chunked(`2\r\n${TEXT}\r\n${AS_CHUNK}`)),
    bad('a chunk that ends with two other bytes', chunked(`${hex(TEXT.length)}\r\n${TEXT}xx${AS_CHUNK}`)),
    bad('a last chunk that ends with LF LF', chunked(`${CHUNK}0\n\n${HIDDEN}`)),
    bad('a trailer that is folded', chunked(`${CHUNK}0\r\nX-A: b\r\n ${HIDDEN}`)),
    bad('a trailer that is no header', chunked(`${CHUNK}0\r\n${HIDDEN}`)),
  ]
}

/** Heads that are no HTTP/1.1. */
function heads(): DesyncCase[] {
  const body = `${length(hidden)}\r\n${HIDDEN}`
  return [
    bad('HTTP/0.9', `GET /chat\r\n${HIDDEN}`),
    bad('HTTP/2.0', `POST /chat HTTP/2.0\r\nHost: localhost\r\n${body}`),
    bad('HTTP/1.10', `POST /chat HTTP/1.10\r\nHost: localhost\r\n${body}`),
    proper('two spaces in the request line', `POST /chat  HTTP/1.1\r\nHost: localhost\r\n${body}`),
    bad('a tab in the request line', `POST\t/chat HTTP/1.1\r\nHost: localhost\r\n${body}`),
    bad('a request in the target', `POST /chat\u000bHTTP/1.1 HTTP/1.1\r\nHost: localhost\r\n${body}`),
    bad('a method of no name', `P(OST /chat HTTP/1.1\r\nHost: localhost\r\n${body}`),
    bad('a header without a colon', `${HEAD}Content-Length ${hidden}\r\n\r\n${HIDDEN}`),
    bad('a header without a name', `${HEAD}: x\r\n${body}`),
    bad('a header before the request line', `X-A: b\r\n${HEAD}${body}`),
    bad('two hosts', `${HEAD}Host: localhost\r\n${body}`),
    bad('no host', `POST /chat HTTP/1.1\r\n${body}`),
    bad('a NUL in a value', `${HEAD}X-A: \u0000\r\n${body}`),
    bad('a space after the name', `${HEAD}X-A : b\r\n${body}`),
  ]
}

function hex(value: number): string {
  return value.toString(16)
}
