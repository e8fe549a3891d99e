/**
 * Read this one first: what Corridor is for. Two people meet in a room, one loses the connection while the other goes on
 * talking, comes back with the last offset it saw, and has missed nothing.
 */
import { expect, it } from 'vitest'
import { type Client, connect } from './support/client.ts'
import { startServer } from './support/server.ts'

it('two meet, talk, one drops and comes back, and nothing is missed', async () => {
  const server = await startServer()
  const ann = await connect(`${server.ws}/chat?name=ann`)
  const bob = await connect(`${server.ws}/chat?name=bob`)
  const { epoch } = (await bob.next<{ epoch: string }>('welcome')).data
  expect((await ann.next('enter')).data).toMatchObject({ name: 'bob' })

  ann.send('message', { text: 'Hello Bob!' }, 'my first')
  expect(await heard(bob)).toEqual([1, 'ann', 'Hello Bob!'])
  expect(await heard(ann)).toEqual([1, 'ann', 'Hello Bob!'])
  expect(await ann.next('ack')).toMatchObject({ id: 'my first', seq: 1 })

  bob.terminate()
  expect((await ann.next('leave')).data).toMatchObject({ name: 'bob' })
  ann.send('message', { text: 'Are you there?' })
  ann.send('message', { text: 'Bob?' })
  expect(await heard(ann)).toEqual([2, 'ann', 'Are you there?'])
  expect(await heard(ann)).toEqual([3, 'ann', 'Bob?'])

  const again = await connect(`${server.ws}/chat?name=bob&offset=${epoch}_0000000000000001`)
  expect((await again.next('welcome')).data).toMatchObject({ resumed: true, seq: 3 })
  expect(await heard(again)).toEqual([2, 'ann', 'Are you there?'])
  expect(await heard(again)).toEqual([3, 'ann', 'Bob?'])
  expect((await ann.next('enter')).data).toMatchObject({ name: 'bob' })

  again.send('message', { text: 'Back, and I have read it all.' })
  expect(await heard(ann)).toEqual([4, 'bob', 'Back, and I have read it all.'])
  await server.close()
  expect(await ann.closed).toMatchObject({ code: 1012 })
})

/** The next message: its place in the room, who said it, and what. */
async function heard(client: Client) {
  const { seq, data } = await client.next<{ from: { name: string }; text: string }>('message')
  return [seq, data.from.name, data.text]
}
