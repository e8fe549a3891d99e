/** Who the ids of posted messages count for, and the place that a POST is answered with. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { post } from '../../support/event-stream.ts'
import notes from '../../support/notes.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { SECRET, sign } from '../../support/tokens.ts'

let server: TestServer

beforeAll(async () => {
  server = await startServer({
    rooms: {
      '/notes/:name': { definition: notes },
      '/members/:name': { definition: notes, auth: { secret: SECRET } },
    },
  })
})

afterAll(() => server.close())

const note = (text: string, id?: string) => ({ type: 'note', data: { text }, ...(id && { id }) })
const room = (mount = 'notes') => `${server.url}/${mount}/${crypto.randomUUID()}`

async function texts(url: string, headers: Record<string, string> = {}): Promise<string[]> {
  const events = (await (await fetch(`${url}?offset=-1`, { headers })).json()) as { data: { text: string } }[]
  return events.map(({ data }) => data.text)
}

async function said(answer: Response) {
  return { status: answer.status, ...((await answer.json()) as object) }
}

describe('a posted message', () => {
  it('under an id of a sender that cannot be identified is refused', async () => {
    const url = room()
    const refused = await said(await post(url, note('once', 'm1')))
    expect(refused).toMatchObject({ status: 400, error: 'bad_message', message: expect.stringContaining('?client=') })
    expect((await post(url, [note('1'), note('2', 'm2')])).status).toBe(400)
    expect(await texts(url)).toEqual([])
  })

  it('is answered with its place if the client asks for JSON', async () => {
    const url = room()
    const json = { Accept: 'application/json' }
    await post(url, note('1'))
    const answer = await post(url, [note('2'), note('3')], json)
    const end = answer.headers.get('Stream-Next-Offset')
    expect(await said(answer)).toEqual({ status: 200, seq: 2, offset: end?.replace(/3$/, '2') })
    expect(await said(await post(url, { type: 'whisper', data: { text: 'x' } }, json))).toEqual({
      status: 200,
      offset: end,
    })
  })

  it('under an id counts for the subject of its token, whatever it is called', async () => {
    const url = room('members')
    const bearer = async (claims: Record<string, unknown>) => ({ Authorization: `Bearer ${await sign(claims)}` })
    const [ann, ben, nobody] = [await bearer({ sub: 'ann' }), await bearer({ sub: 'ben' }), await bearer({})]
    for (let time = 0; time < 3; time += 1) expect((await post(url, note('once', 'm1'), ann)).status).toBe(204)
    expect((await post(url, note('of ben', 'm1'), ben)).status).toBe(204)
    expect((await post(`${url}?client=c`, note('of a client', 'm1'), ann)).status).toBe(204)
    expect((await post(url, note('of nobody', 'm1'), nobody)).status).toBe(400)
    expect((await post(`${url}?client=c`, note('of another client', 'm1'), nobody)).status).toBe(204)
    expect(await texts(url, ann)).toEqual(['once', 'of ben', 'of a client', 'of another client'])
  })
})
