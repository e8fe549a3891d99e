/** A token and a body that takes its time: who may speak is asked again when all of it is there. */
import { expect, it, onTestFinished } from 'vitest'
import { handClock } from '../../src/testing/hand-clock.ts'
import notes from '../support/notes.ts'
import { type Headers, RawClient, request } from '../support/raw.ts'
import { startServer } from '../support/server.ts'
import { bearer, inSeconds, SECRET, sign } from '../support/tokens.ts'

it('a token that ends while the body of a post is still on its way lets nothing of it be kept', async () => {
  const clock = handClock(Date.now())
  const server = await startServer({ rooms: { '/notes': { definition: notes, auth: { secret: SECRET } } }, clock })
  onTestFinished(() => server.close())
  const token = await sign({ sub: 'ann', exp: inSeconds(60) })
  const body = JSON.stringify({ type: 'note', data: { text: 'too late' } })
  const client = new RawClient(server.port)
  const head: Headers = [
    ['Host', '127.0.0.1'],
    ['Connection', 'close'],
    ['Authorization', `Bearer ${token}`],
    ['Content-Type', 'application/json'],
    ['Content-Length', String(body.length)],
  ]
  await client.write(request('POST /notes', head), body.slice(0, 9))
  // An answer to a later request: the first one was checked.
  expect((await fetch(`${server.url}/notes?offset=-1`, { headers: bearer(token) })).status).toBe(200)
  await clock.advance(61_000)
  await client.write(body.slice(9))
  expect(await client.answer()).toMatchObject({ status: 401, body: expect.stringContaining('token_expired') })
  const ann = bearer(await sign({ sub: 'ann', exp: inSeconds(600) }))
  expect(await (await fetch(`${server.url}/notes?offset=-1`, { headers: ann })).json()).toEqual([])
})
