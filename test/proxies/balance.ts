/**
 * Nodes behind a proxy with the files that ship: it sends each request where it likes, and to another node where one is
 * away or stops. Here the nodes are servers that know nothing of each other, so that what the proxy does is seen.
 */
import { describe, expect, it } from 'vitest'
import { connect } from '../support/client.ts'
import { connectSocketIo } from '../support/socketio-peer.ts'
import { ask } from './http.ts'
import type { ProxyKind } from './proxy.ts'
import { type Scene, stageOf } from './stage.ts'

const NODES = 3
const PLAY = { servers: NODES, areNodes: true }
const ASKED = 40

export function describeBalance(kind: ProxyKind): void {
  describe(`${kind.component} before nodes`, () => {
    const stage = stageOf(kind)

    it('sends the people of one room to all of them', async () => {
      const scene = await stage.open(PLAY)
      const peers = await enter(scene, ASKED)
      expect(await membersOf(scene)).toHaveLength(NODES)
      for (const count of await membersOf(scene)) expect(count).toBeGreaterThan(0)
      for (const peer of peers) peer.terminate()
    })

    it('sends everyone to the others while one is away', async () => {
      const scene = await stage.open(PLAY)
      await scene.servers[0]?.server.close()
      for (const peer of await enter(scene, ASKED)) peer.terminate()
      const answers = await Promise.all(Array.from({ length: ASKED }, () => say(scene)))
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 204))
    })

    it('keeps every Socket.IO client that polls at one node, and lets it go on by WebSocket', async () => {
      const scene = await stage.open(PLAY)
      for (const transports of [['polling'], ['polling', 'websocket']]) {
        const peers = await Promise.all(
          Array.from({ length: 4 }, () => connectSocketIo(`${scene.url}/chat`, { transports })),
        )
        for (const peer of peers) {
          stage.defer(() => peer.close())
          for (let count = 1; count <= 10; count += 1) {
            peer.send('typing', {}, `${count}`)
            expect(await peer.next('ack')).toMatchObject({ id: `${count}` })
          }
          if (transports.length > 1) await expect.poll(() => peer.socket.io.engine.transport.name).toBe('websocket')
        }
      }
    })
  })
}

function enter({ ws }: Scene, count: number) {
  return Promise.all(Array.from({ length: count }, (_, at) => connect(`${ws}/chat?name=c${at}&client=c${at}`)))
}

function say({ url }: Scene) {
  const body = JSON.stringify({ type: 'message', data: { text: 'hello' } })
  return ask(`${url}/chat`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
}

/** How many each node has of them. */
function membersOf({ servers }: Scene): Promise<number[]> {
  return Promise.all(servers.map(async ({ url }) => Number(JSON.parse((await ask(`${url}/chat`)).body).members.count)))
}
