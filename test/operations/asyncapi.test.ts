/** `/asyncapi.json`, judged by AsyncAPI's own parser: every room, its messages, and nothing of a room that is locked. */
import { Parser } from '@asyncapi/parser'
import { defineRoom } from 'corridor'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Setup, startServer, type TestServer } from '../support/server.ts'
import { SECRET, sign } from '../support/tokens.ts'

let server: TestServer
afterEach(() => server.close())

async function documentOf(setup: Setup, headers: Record<string, string> = {}) {
  server = await startServer(setup)
  const response = await fetch(`${server.url}/asyncapi.json`, { headers })
  expect(response.headers.get('content-type')).toMatch(/^application\/json/)
  const text = await response.text()
  const { document, diagnostics } = await new Parser().parse(text)
  // 0: errors; 1: warnings, such as a newer version of the specification.
  expect(diagnostics.filter(({ severity }) => severity === 0)).toEqual([])
  if (!document) throw new Error('expected a document')
  return { json: JSON.parse(text), document }
}

interface Tree {
  name: string
  children: Tree[]
}
const tree: z.ZodType<Tree> = z.object({ name: z.string(), children: z.lazy(() => z.array(tree)) })

const odd = defineRoom({
  summary: { en: 'Odd types', zh: '古怪' },
  receives: {
    'chat message': z.string(),
    'chat/message': z.int(),
    'a~b': z.date(),
    投票: tree,
    nothing: z.undefined(),
  },
  sends: { tree, 'chat message': z.string().transform((text) => text.length), map: z.map(z.string(), z.int()) },
  open: () => ({
    receive: { 'chat message'() {}, 'chat/message'() {}, 'a~b'() {}, 投票() {}, nothing() {} },
  }),
})
const shut = defineRoom({ receives: { secret: z.string() }, open: () => ({ receive: { secret() {} } }) })

describe('/asyncapi.json', () => {
  it('describes the rooms that ship', async () => {
    const { document, json } = await documentOf({ env: { BASE_PATH: '/sub' } })
    const chat = document.channels().get('chat')
    expect(chat?.address()).toBe('/chat')
    expect(
      chat
        ?.messages()
        .all()
        .map((message) => message.name()),
    ).toEqual(expect.arrayContaining(['message', 'rename', 'typing', 'welcome', 'ack', 'error', 'reset', 'redacted']))
    expect(document.channels().get('r_name')?.address()).toBe('/r/{name}')
    expect(
      document
        .operations()
        .all()
        .map((operation) => operation.action()),
    ).toContain('receive')
    expect(document.servers().all()[0]?.url()).toBe(`ws://127.0.0.1:${server.port}/sub`)
    expect(json.components.schemas['chat.receives.message']).toMatchObject({ type: 'object', required: ['text'] })
  })

  it('takes types of any name, schemas that refer to themselves, and what JSON cannot express', async () => {
    const { document, json } = await documentOf(
      { rooms: { '/odd': { definition: odd }, '/raw': { module: 'echo' } } },
      { 'accept-language': 'zh' },
    )
    expect(json.channels.odd).toMatchObject({ address: '/odd', summary: '古怪' })
    const received = document
      .operations()
      .get('odd.receive')
      ?.messages()
      .all()
      .map((message) => message.name())
    expect(received).toEqual(['chat message', 'chat/message', 'a~b', '投票', 'nothing'])
    const empty = document.operations().get('odd.receive')?.messages().all()[4]?.payload()?.json()
    expect(empty).toMatchObject({ required: ['type'] })
    expect(document.channels().get('raw')?.messages().all()).toHaveLength(2)
  })

  it('shows the messages of a locked room only to who may enter it', async () => {
    const rooms = {
      '/shut': { definition: shut, auth: { secret: SECRET } },
      '/r/:name': { definition: shut, auth: { secret: SECRET } },
    }
    const stranger = await documentOf({ rooms })
    expect(JSON.stringify(stranger.json)).not.toContain('secret"')
    expect(Object.keys(stranger.json.channels)).toEqual(['shut', 'r_name'])
    const headers = { authorization: `Bearer ${await sign({ sub: 'ann' })}` }
    const { channels, operations } = await (await fetch(`${server.url}/asyncapi.json`, { headers })).json()
    expect(Object.keys(channels.shut.messages)).toContain('secret')
    expect(channels.r_name.messages).toEqual({})
    expect(operations['shut.receive'].security).toHaveLength(1)
  })
})
