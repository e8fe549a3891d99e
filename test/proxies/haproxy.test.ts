/** The files of `deploy/haproxy/`, run by the real program. */
import { type ClientHttp2Session, connect, constants } from 'node:http2'
import { describe, expect, it } from 'vitest'
import { tellWrong } from '../support/figures.ts'
import { frame, handshake, RawClient, request } from '../support/raw.ts'
import { haproxy } from './haproxy.ts'
import { stageOf } from './stage.ts'
import { describeProxy } from './suite.ts'

describeProxy(haproxy)

describe('haproxy and WebSockets', () => {
  tellWrong('PX5', 'wrong answers')
  const stage = stageOf(haproxy)

  it('takes one over HTTP/2 (RFC 8441), as browsers open it where they may', async () => {
    const { url, ca } = await stage.open({ isSecure: true })
    const session = connect(url, { ca: ca ?? '' })
    stage.defer(() => session.destroy())
    expect((await settingsOf(session)).enableConnectProtocol).toBe(true)
    const stream = session.request({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': 'https',
      ':path': '/echo',
      'sec-websocket-version': '13',
      origin: url,
    })
    const status = await new Promise((resolve) =>
      stream.on('response', (headers) => resolve(headers[constants.HTTP2_HEADER_STATUS])),
    )
    expect(status).toBe(200)
    let said = Buffer.alloc(0)
    stream.on('data', (chunk: Buffer) => {
      said = Buffer.concat([said, chunk])
    })
    stream.write(frame(1, 'over h2'))
    await expect
      .poll(() => said.toString('latin1'))
      .toBe(Buffer.concat([Buffer.from([0x81, 7]), Buffer.from('over h2')]).toString('latin1'))
  })

  it('refuses a handshake without a key', async () => {
    const { proxy } = await stage.open()
    const client = new RawClient(proxy.port)
    await client.write(request('GET /echo', handshake({ 'Sec-WebSocket-Key': undefined })))
    expect((await client.answer()).status).toBe(400)
    client.socket.destroy()
  })
})

function settingsOf(session: ClientHttp2Session): Promise<{ enableConnectProtocol?: boolean | undefined }> {
  return new Promise((resolve, reject) => {
    session.once('remoteSettings', resolve)
    session.once('error', reject)
  })
}
