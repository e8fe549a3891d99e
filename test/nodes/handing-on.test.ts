/** Requests that are handed on: what comes and goes through unchanged, and who is believed. */
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { ask, echo, HandingStage } from '../support/handing-stage.ts'

const stage = new HandingStage()
afterEach(() => stage.end())

describe('what is handed on', () => {
  it('has the path and the query as they came, the headers but those of the connection, and the caller', async () => {
    const { edge } = await stage.pair(echo)
    const headers = {
      ...{ Host: 'rooms.example', Cookie: 'a=b', Origin: 'http://rooms.example', 'If-None-Match': '"x"' },
      ...{
        Connection: 'keep-alive, X-Hop',
        'X-Hop': '1',
        TE: 'trailers',
        'Keep-Alive': 'timeout=5',
        'X-Two': ['1', '2'],
      },
      ...{ 'Corridor-Caller': 'mine', 'Corridor-Token': 'mine', 'Corridor-From': 'mine', 'Corridor-Elsewhere': '1' },
    }
    const { status, headers: answered, body } = await ask(`${edge.url}/r/%c3%a9%2520a/?q=%20&x=../..&y`, { headers })
    const got = JSON.parse(body)
    expect([status, answered['x-mine'], got.url]).toEqual([200, 'yes', '/r/%c3%a9%2520a/?q=%20&x=../..&y'])
    expect(got.caller).toMatchObject({
      ...{ address: '127.0.0.1', host: 'rooms.example', cookie: 'a=b', origin: 'http://rooms.example' },
      ...{ target: got.url, isRebound: true },
    })
    expect(got.headers).toMatchObject({ host: 'rooms.example', 'if-none-match': '"x"', 'x-two': '1, 2' })
    for (const name of ['x-hop', 'te', 'keep-alive', 'corridor-elsewhere']) expect(got.headers).not.toHaveProperty(name)
    expect(got.headers['corridor-from']).toBe(edge.id)
    expect(Object.keys(answered).filter((name) => name.startsWith('corridor'))).toEqual([])
  })

  it('answers HEAD, and what has no body, as the owner does', async () => {
    const { edge } = await stage.pair((app) => {
      app.get('/page', (_, reply) => reply.header('ETag', '"1"').header('Content-Length', '5').send('hello'))
      app.get('/same', (_, reply) => reply.code(304).header('ETag', '"1"').send())
      app.get('/gone', (_, reply) => reply.code(410).header('Stream-Next-Offset', 'x').send({ error: 'gone' }))
    })
    expect(await ask(`${edge.url}/page`)).toMatchObject({ status: 200, body: 'hello', headers: { etag: '"1"' } })
    const head = await ask(`${edge.url}/page`, { method: 'HEAD' })
    expect(head).toMatchObject({ status: 200, body: '', headers: { 'content-length': '5', etag: '"1"' } })
    expect(await ask(`${edge.url}/same`)).toMatchObject({ status: 304, body: '', headers: { etag: '"1"' } })
    expect(await ask(`${edge.url}/gone`)).toMatchObject({ status: 410, headers: { 'stream-next-offset': 'x' } })
  })

  it('is a post with its body, which is told to come only after the checks', async () => {
    const { edge } = await stage.pair(echo)
    const json = { method: 'POST', headers: { 'Content-Type': 'application/json' } }
    const text = '{"type":"wave","data":"é"}'
    expect(JSON.parse((await ask(`${edge.url}/r`, json, text)).body).text).toBe(text)
    expect(await ask(`${edge.url}/r`, json, 'x'.repeat(1025))).toMatchObject({ status: 413 })
    expect(
      await ask(`${edge.url}/r`, { method: 'POST', headers: { 'Content-Type': 'text/plain' } }, 'x'),
    ).toMatchObject({
      status: 409,
    })
    const expecting = { ...json.headers, Expect: '100-continue' }
    const waiting = request(`${edge.url}/r`, { agent: false, method: 'POST', headers: expecting })
    waiting.flushHeaders()
    await once(waiting, 'continue')
    waiting.end(text)
    const [answer] = await once(waiting, 'response')
    expect(answer.statusCode).toBe(200)
    answer.resume()
    const refused = request(`${edge.url}/r`, {
      agent: false,
      method: 'POST',
      headers: { ...expecting, 'Content-Length': 2000 },
    })
    refused.on('continue', () => expect.unreachable())
    refused.flushHeaders()
    const [no] = await once(refused, 'response')
    expect(no.statusCode).toBe(413)
    no.resume()
    refused.destroy()
  })

  it('goes through an event at a time', async () => {
    const { edge } = await stage.pair((app) => {
      app.get('/live', (_, reply) => {
        const { raw } = reply.hijack()
        raw.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders()
        says.push((text) => void raw.write(text))
      })
    })
    const says: ((text: string) => void)[] = []
    const asking = request(`${edge.url}/live?live=sse`, { agent: false }).end()
    const [answer] = await once(asking, 'response')
    expect(answer.headers['content-type']).toBe('text/event-stream')
    for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
      says[0]?.(text)
      expect(String((await once(answer, 'data'))[0])).toBe(text)
    }
    asking.destroy()
  })

  it('waits for a client that does not read', async () => {
    let written = 0
    const { edge } = await stage.pair((app) => {
      app.get('/much', (_, reply) => {
        const { raw } = reply.hijack()
        raw.writeHead(200)
        const chunk = Buffer.alloc(65_536)
        const write = () => {
          while (written < 1000 && !raw.destroyed) {
            written += 1
            if (!raw.write(chunk)) return
          }
          raw.end()
        }
        raw.on('drain', write)
        write()
      })
    })
    const asking = request(`${edge.url}/much`, { agent: false }).end()
    const [answer] = await once(asking, 'response')
    let before = -1
    // What the kernel's buffers take, and then no more.
    while (before !== written) {
      before = written
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect(written).toBeLessThan(1000)
    let bytes = 0
    for await (const chunk of answer) bytes += chunk.length
    expect(bytes).toBe(65_536_000)
  })
})

describe('a stranger', () => {
  it.each([
    ['on the public port has the caller that he is', false, 200],
    ['on the port of the links gets 404', true, 404],
  ])('%s, whatever headers he sends', async (_, isLinkPort, status) => {
    const { edge, owner } = await stage.pair(echo)
    await ask(`${edge.url}/r`)
    const caller = Buffer.from(JSON.stringify({ address: '10.9.9.9' })).toString('base64url')
    const headers = { 'Corridor-Caller': caller, 'Corridor-From': edge.id, 'Corridor-Token': 'x'.repeat(43) }
    const got = await ask(isLinkPort ? `http://${owner.links}/r` : `${owner.url}/r`, { headers })
    expect(got.status).toBe(status)
    if (status === 200) expect(JSON.parse(got.body).caller.address).toBe('127.0.0.1')
    else expect(got.body).toBe('')
  })

  it('cannot smuggle a second request', async () => {
    const { edge } = await stage.pair(echo)
    const socket = connect(Number(new URL(edge.url).port), '127.0.0.1')
    let answers = ''
    socket.on('data', (data) => {
      answers += data
    })
    const body = '0\r\n\r\nGET /second HTTP/1.1\r\nHost: x\r\n\r\n'
    socket.write(
      `POST /r HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    await once(socket, 'close')
    expect(answers.match(/HTTP\/1\.1 200/g)).toHaveLength(1)
    expect(answers).toContain('GET /second')
  })
})
