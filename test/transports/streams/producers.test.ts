/** Idempotent producers (Durable Streams protocol, 5.2.1): each batch kept once, however often and in what order it comes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { post } from '../../support/event-stream.ts'
import notes from '../../support/notes.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer

beforeAll(async () => {
  server = await startServer({ rooms: { '/notes/:name': { definition: notes } } })
})

afterAll(() => server.close())

const note = (text: string) => ({ type: 'note', data: { text } })
const room = () => `${server.url}/notes/${crypto.randomUUID()}`

async function texts(url: string): Promise<string[]> {
  const events = (await (await fetch(`${url}?offset=-1`)).json()) as { data: { text: string } }[]
  return events.map(({ data }) => data.text)
}

describe('a producer', () => {
  const claim = (seq: number | string, epoch: number | string = 0, id = 'p') => ({
    'Producer-Id': id,
    'Producer-Epoch': String(epoch),
    'Producer-Seq': String(seq),
  })
  const answers = (answer: Response) => {
    const names = ['Producer-Epoch', 'Producer-Seq', 'Producer-Expected-Seq', 'Producer-Received-Seq']
    return [answer.status, ...names.map((name) => answer.headers.get(name)).filter((value) => value !== null)]
  }

  it('has each batch kept once, however often it says it', async () => {
    const url = room()
    expect(answers(await post(url, note('1'), claim(0)))).toEqual([200, '0', '0'])
    expect(answers(await post(url, note('1'), claim(0)))).toEqual([204, '0', '0'])
    expect(answers(await post(url, note('2'), claim(1)))).toEqual([200, '0', '1'])
    expect(answers(await post(url, note('1'), claim(0)))).toEqual([204, '0', '1'])
    expect(await texts(url)).toEqual(['1', '2'])
  })

  it('gets the expected number when there is a gap', async () => {
    const url = room()
    expect(answers(await post(url, note('1'), claim(1)))).toEqual([409, '0', '1'])
    await post(url, note('1'), claim(0))
    expect(answers(await post(url, note('3'), claim(3)))).toEqual([409, '1', '3'])
    expect(await texts(url)).toEqual(['1'])
  })

  it('fences its former self with a new epoch, which begins at 0', async () => {
    const url = room()
    await post(url, note('1'), claim(0))
    expect(answers(await post(url, note('x'), claim(1, 1)))[0]).toBe(400)
    expect(answers(await post(url, note('2'), claim(0, 1)))).toEqual([200, '1', '0'])
    expect(answers(await post(url, note('zombie'), claim(1, 0)))).toEqual([403, '1'])
    expect(await texts(url)).toEqual(['1', '2'])
  })

  it('is judged batch by batch, also when they come at once', async () => {
    const url = room()
    const same = await Promise.all(
      Array.from({ length: 8 }, () => post(url, { type: 'slow', data: { text: 'x' } }, claim(0))),
    )
    expect(same.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(204)])
    expect(await texts(url)).toEqual(['x'])
  })

  it('with a bad batch stands where it stood, and may say it better', async () => {
    const url = room()
    expect((await post(url, { type: 'note', data: {} }, claim(0))).status).toBe(400)
    // 403 and 409 would reveal epochs and gaps.
    expect((await post(url, { type: 'fail', data: { code: 'forbidden' } }, claim(0))).status).toBe(400)
    expect((await post(url, note('1'), claim(0))).status).toBe(200)
  })

  it.each([
    [{ 'Producer-Id': 'p' }],
    [{ 'Producer-Id': 'p', 'Producer-Epoch': '0' }],
    [claim(0, 0, '')],
    [claim(-1)],
    [claim('1.5')],
    [claim('1e3')],
    [claim('9007199254740992')],
    [claim(0, 'x')],
  ])('with the headers %j is refused', async (headers) => {
    expect((await post(room(), note('1'), headers)).status).toBe(400)
  })
})
