/** The part of Node's HTTP server that has no public name: is it there, in this version? */
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { expect, it } from 'vitest'
import { answerOf } from '../../../src/transports/http/node-http-internals.ts'

const why = `node ${process.version} does not say which answer a connection is busy with (src/transports/http/node-http-internals.ts)`

it('names the answer that a connection is busy with, and none before and after', async () => {
  const seen: unknown[] = []
  const server = createServer((incoming, answer) => {
    seen.push(answerOf(incoming.socket) === answer)
    answer.on('close', () => seen.push(answerOf(incoming.socket)))
    answer.end()
  })
  server.on('connection', (socket) => seen.push(answerOf(socket)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const at = server.address()
  if (!at || typeof at === 'string') throw new Error('expected a port')
  const [answer] = await once(request({ port: at.port, host: at.address }).end(), 'response')
  answer.resume()
  await once(answer, 'close')
  server.close()
  await once(server, 'close')
  expect(seen, why).toEqual([undefined, true, undefined])
})
