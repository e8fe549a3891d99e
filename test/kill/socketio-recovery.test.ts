/**
 * A stock Socket.IO client over the death of the server's process: after `kill -9`, and after a polite stop, it resumes by
 * itself in the next process from the log on disk, and a message that it sends again is kept once.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { Cable } from '../support/cable.ts'
import { connect } from '../support/client.ts'
import { connected, hears, welcome } from '../support/cut-off.ts'
import { openProject } from '../support/project.ts'
import { type StockSocket, stockSocket } from '../support/stock-socket.ts'

const SAYINGS = `import { defineRoom } from 'corridor'
import { z } from 'zod'
export default defineRoom({
  receives: { say: z.string() },
  sends: { said: z.string() },
  open: (room) => ({ receive: { say: (_, text) => room.publish('said', text) } }),
})
`
const project = openProject()
const opened: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close()
})

async function start() {
  const server = project.start()
  const url = await server.url()
  return { server, url, port: Number(new URL(url).port) }
}

async function say(url: string, ...texts: string[]) {
  const client = await connect(`${url.replace('http', 'ws')}/room`)
  for (const text of texts) client.send('say', text, text)
  for (const _ of texts) await client.next('ack')
  await client.close()
}

describe.each(['websocket', 'polling'] as const)('over %s', (transport) => {
  it.each(['SIGKILL', 'SIGTERM'] as const)('after %s it is recovered', async (signal) => {
    project.put('rooms/sayings.ts', SAYINGS)
    project.putRooms({ '/room': { module: 'sayings' } })
    const first = await start()
    const cable = await Cable.to(first.port)
    opened.push(cable)
    const ann: StockSocket = stockSocket(`${cable.url}/room`, transport, { retries: 10, ackTimeout: 60_000 })
    opened.push(ann.socket)
    const { you } = await welcome(ann)
    await say(first.url, '1', '2')
    expect(await ann.socket.emitWithAck('say', '3', { id: 'm3' })).toMatchObject({ ok: true, seq: 3 })
    await hears(ann, '3')

    first.server.kill(signal)
    const { code } = await first.server.exited
    expect(code).toBe(signal === 'SIGTERM' ? 0 : null)
    const second = await start()
    await say(second.url, '4', '5')
    cable.plug(second.port)
    await connected(ann, 2)
    await hears(ann, '5')
    expect(await welcome(ann)).toMatchObject({ resumed: true, you: { name: expect.any(String) } })
    expect(ann.connects).toEqual([false, true])
    expect(ann.disconnects).not.toContain('io server disconnect')
    expect(await ann.socket.emitWithAck('say', '3', { id: 'm3' })).toMatchObject({ ok: true, seq: 3, duplicate: true })
    expect(ann.all('said')).toEqual(['1', '2', '3', '4', '5'])
    expect(you.id).not.toBe('')
  })
})
