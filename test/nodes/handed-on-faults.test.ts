/** Plain HTTP for a room of another node, each node a process: its owner is killed, frozen, or cannot be reached. */
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { need } from '../support/components.ts'
import { openStream } from '../support/event-stream.ts'
import { Cluster, type ClusterSetup } from './cluster.ts'
import { needMachines } from './machines.ts'

const command = need('redis') ?? ''
const PATH = '/r/http'
const ended: Cluster[] = []

afterEach(async () => {
  for (const cluster of ended.splice(0)) await cluster.remove()
})

const say = (url: string, id: string) =>
  fetch(`${url}?client=ann`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ type: 'say', data: { text: id }, id }),
  })

/** Says it until it is taken, as a client does. */
async function insist(url: string, id: string): Promise<void> {
  for (;;) {
    const answer = await say(url, id)
    if (answer.status === 204) return
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
    await pause(50)
  }
}

/** The room lives on node 0; `at`: its URL at node 1. */
async function start(setup: ClusterSetup = {}) {
  const cluster = await Cluster.start(command, { nodes: 2, ...setup })
  ended.push(cluster)
  const [home, at] = [cluster.node(0).url + PATH, cluster.node(1).url + PATH]
  // Node 1 hears of it with a beat.
  await insist(home, 'first')
  await insist(at, 'second')
  expect(await cluster.ownerOf(PATH)).toBe(0)
  return { cluster, owner: cluster.node(0), home, at }
}

/** All that was said, by the room's own count. */
const saidAt = async (url: string) => {
  const events: { data: { text: string } }[] = await (await fetch(`${url}?offset=-1`)).json()
  return events.map(({ data }) => data.text)
}

/** A read for an EventSource that may not be answered now. */
async function notNow(url: string): Promise<string> {
  const answer = await fetch(`${url}?offset=now&live=sse`)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  return answer.text()
}

describe('the owner of a room that is read and written elsewhere', () => {
  it('is killed: streams end, and nothing is lost or doubled', async () => {
    const { cluster, owner, at } = await start()
    const reader = await openStream(`${at}?offset=now&live=sse`)
    const { streamNextOffset } = await reader.control()
    await owner.kill()
    await reader.ended
    await Promise.all(['third', 'fourth'].map((id) => insist(at, id)))
    const again = await openStream(`${at}?offset=${streamNextOffset}&live=sse`)
    const heard: string[] = []
    while (heard.length < 2) heard.push(...(await again.data()).map(({ data }) => String(data.text)))
    expect(heard.sort()).toEqual(['fourth', 'third'])
    again.close()
    expect((await saidAt(at)).length).toBe(4)
    expect(await cluster.ownerOf(PATH)).toBe(1)
  })

  it('is frozen: who asks is answered, and what is said again is kept once', async () => {
    const { owner, at } = await start()
    const reader = await openStream(`${at}?offset=now&live=sse`)
    await reader.control()
    owner.freeze()
    const { status } = await say(at, 'third')
    expect(status).toBe(503)
    await reader.ended
    owner.thaw()
    await insist(at, 'third')
    await insist(at, 'third')
    expect(await saidAt(at)).toEqual(['first', 'second', 'third'])
  })
})

describe('the way to the owner of a room', () => {
  needMachines()

  it('is cut: a client is told to come back, and is served when it is mended', async () => {
    const { cluster, at } = await start({ hasMachines: true })
    const { machines } = cluster
    if (!machines) throw new Error('expected machines')
    machines.cut(1, 2)
    machines.cut(2, 1)
    expect((await say(at, 'third')).status).toBe(503)
    expect(await notNow(at)).toMatch(/^retry: \d+\nevent: close\ndata:\{[^\n]*"error":"unavailable"[^\n]*\}\n\n$/)
    const page = await fetch(`${at}?offset=-1`)
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '1'])
    machines.mend(1, 2)
    machines.mend(2, 1)
    await insist(at, 'third')
    expect(await saidAt(at)).toEqual(['first', 'second', 'third'])
  })
})
