/**
 * The tutorial rooms, spoken to as the pages of the classic first WebSocket tutorials do: `ws.send('text')`, nothing
 * before, nothing after. Two clients each; one breaks the rules or goes without a word, the other must not be disturbed.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect } from '../support/client.ts'
import { startServer } from '../support/server.ts'

let server: Awaited<ReturnType<typeof startServer>>

beforeAll(async () => {
  server = await startServer() // with rooms/rooms.json, as it ships
})

afterAll(() => server.close())

/** What no room expects; in the classics the first of them ended the server for everyone. */
const broken = ['{"name":', 'hello', '', 'null', '[]', '42', '"text"', '{}', '{"name":{},"msg":[]}', '{"nickname":1}']

it('scream: text comes back in capitals with !!! behind it, to the sender alone', async () => {
  const ann = await server.connect('/tutorial/scream')
  const bob = await server.connect('/tutorial/scream')
  ann.sendText('hello, 世界! straße')
  ann.sendBinary(new Uint8Array([1, 2, 3]))
  ann.sendText('')
  expect(await ann.nextText()).toBe('HELLO, 世界! STRASSE!!!')
  expect(await ann.nextText()).toBe('!!!')

  ann.terminate()
  bob.sendText('still here')
  expect(await bob.nextText()).toBe('STILL HERE!!!')
})

it('lines: everyone gets each join, each text as it came, and each leave', async () => {
  const ann = await server.connect('/tutorial/lines')
  expect(await ann.nextText()).toBe('user1 comes in')
  const bob = await server.connect('/tutorial/lines')
  for (const client of [ann, bob]) expect(await client.nextText()).toBe('user2 comes in')

  for (const line of ['大家好，我是小明！', '<b>hi</b> & "bye"', ' 两边有空格 ', ...broken]) {
    bob.sendText(line)
    for (const client of [ann, bob]) expect(await client.nextText()).toBe(line)
  }

  bob.terminate()
  expect(await ann.nextText()).toBe('user2 left')
  const carol = await server.connect('/tutorial/lines')
  for (const client of [ann, carol]) expect(await client.nextText()).toBe('user3 comes in')
})

it('typed: text in, {"type","data"} out, for enter, message and leave', async () => {
  const ann = await server.connect('/tutorial/typed')
  expect(await ann.nextText()).toBe('{"type":"enter","data":"user1 comes in"}')
  const bob = await server.connect('/tutorial/typed')
  for (const client of [ann, bob]) expect(await client.nextText()).toBe('{"type":"enter","data":"user2 comes in"}')

  for (const line of ['你好，世界！', 'say "hi" \\ <b>', ...broken]) {
    bob.sendText(line)
    const heard = { type: 'message', data: `user2 says: ${line}` }
    for (const client of [ann, bob]) expect(JSON.parse(await client.nextText())).toEqual(heard)
  }

  bob.terminate()
  expect(await ann.nextText()).toBe('{"type":"leave","data":"user2 left"}')
})

it('named: name:msg to all, and 下线了! when one who has sent leaves', async () => {
  const ann = await server.connect('/tutorial/named')
  const bob = await server.connect('/tutorial/named')
  const mute = await server.connect('/tutorial/named')
  for (const frame of broken) mute.sendText(frame)
  mute.sendBinary(new TextEncoder().encode('{"name":"x","msg":"y"}'))
  await mute.close()

  bob.sendText(JSON.stringify({ name: '小明', msg: '你好！' }))
  for (const client of [ann, bob]) expect(await client.nextText()).toBe('小明:你好！')
  bob.sendText(JSON.stringify({ name: '', msg: '' }))
  for (const client of [ann, bob]) expect(await client.nextText()).toBe(':')
  bob.sendText(JSON.stringify({ name: 'Bob', msg: 'a:b <i>' }))
  for (const client of [ann, bob]) expect(await client.nextText()).toBe('Bob:a:b <i>')

  bob.terminate()
  expect(Buffer.from(await ann.nextText()).toString('hex')).toBe('426f62' + 'e4b88be7babfe4ba86' + '21')
})

it('status: the message with status 1, and the last one with status 0 when its sender leaves', async () => {
  const ann = await server.connect('/tutorial/status')
  const bob = await server.connect('/tutorial/status')
  const mute = await server.connect('/tutorial/status')
  for (const frame of broken) mute.sendText(frame)
  mute.terminate()

  const first = { nickname: '小明', message: '大家好！', time: '2018/3/1 下午3:04:05' }
  const second = { nickname: '小明', message: '再见。', time: 1519887845000 }
  for (const said of [first, second]) {
    bob.sendText(JSON.stringify({ ...said, status: 7 }))
    for (const client of [ann, bob]) expect(JSON.parse(await client.nextText())).toEqual({ ...said, status: 1 })
  }

  bob.terminate()
  expect(JSON.parse(await ann.nextText())).toEqual({ ...second, status: 0 })
})

it('hello: a newcomer gets the news; any message is accepted', async () => {
  const ann = await server.connect('/tutorial/hello')
  expect((await ann.next()).type).toBe('welcome')
  expect(await ann.next()).toEqual({ type: 'news', data: { hello: 'world' } })

  for (const [i, data] of [{ my: 'data' }, '中文', 7, null, undefined, [1, [2]]].entries()) {
    ann.send('my other event', data, `m${i}`)
    expect(await ann.next()).toMatchObject({ type: 'ack', id: `m${i}` })
  }
})

it('mes: enter, mes and leave carry a string; what is no string is an error for its sender only', async () => {
  const ann = await server.connect('/tutorial/mes')
  expect(await ann.next('enter')).toEqual({ type: 'enter', data: 'user1 comes in' })
  const bob = await server.connect('/tutorial/mes')
  for (const client of [ann, bob]) {
    expect(await client.next('enter')).toEqual({ type: 'enter', data: 'user2 comes in' })
  }

  bob.sendText('{"type":')
  expect(await bob.next()).toMatchObject({ type: 'error', data: { code: 'bad_json' } })
  bob.send('message', { no: 'string' })
  expect(await bob.next()).toMatchObject({ type: 'error', data: { code: 'invalid' } })
  bob.send('message', '你好！')
  for (const client of [ann, bob]) expect(await client.next()).toEqual({ type: 'mes', data: 'user2 says: 你好！' })

  bob.terminate()
  expect(await ann.next()).toEqual({ type: 'leave', data: 'user2 left' })
})

it('chat message: the string goes to all, the sender too, and is not kept', async () => {
  const ann = await server.connect('/tutorial/chat-message')
  const bob = await server.connect('/tutorial/chat-message')
  ann.send('chat message', '吃了吗？')
  for (const client of [ann, bob]) {
    expect(await client.next('chat message')).toEqual({ type: 'chat message', data: '吃了吗？' })
  }

  ann.terminate()
  const carol = await server.connect('/tutorial/chat-message')
  expect((await carol.next()).type).toBe('welcome')
  bob.send('chat message', 'second')
  expect(await carol.next()).toEqual({ type: 'chat message', data: 'second' })
})

it('a tutorial page opened from the disk (Origin: null) or from another site is let in', async () => {
  for (const origin of ['null', 'http://localhost:8080']) {
    const page = await connect(`${server.ws}/tutorial/scream`, { origin })
    page.sendText('hi')
    expect(await page.nextText()).toBe('HI!!!')
    await page.close()
  }
})
