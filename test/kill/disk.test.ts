/**
 * A disk that is full, fails, or hangs under a running server: what cannot be kept is answered `unavailable` in time, what
 * was kept can still be read, and nothing is sent twice when the disk comes back.
 */
import { execFileSync } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Client, connect, type EventFrame } from '../support/client.ts'
import { need } from '../support/components.ts'
import { Victim } from './victim.ts'

/** No file may grow: each write fails, as on a full disk or beyond a quota. */
const FULL = 'fsize=1:unlimited'
const FREE = 'fsize=unlimited:unlimited'

describe('a server', () => {
  let victim: Victim
  const clients: Client[] = []

  beforeEach(async () => {
    victim = await Victim.make()
  })
  afterEach(async () => {
    for (const client of clients.splice(0)) client.terminate()
    await victim.remove()
  })

  const join = async (query: string): Promise<Client> => {
    const client = await connect(`${victim.url.replace('http', 'ws')}room?${query}`)
    clients.push(client)
    return client
  }
  /** Says something and waits for its answer. */
  const say = async (client: Client, id: string): Promise<EventFrame> => {
    client.send('message', { text: id }, id)
    for (;;) {
      const frame = await client.next()
      if (frame.id === id) return frame
    }
  }
  const readiness = async () => (await fetch(`${victim.url}readyz`)).status
  const ready = (status: number) => expect.poll(readiness).toBe(status)
  const limit = (what: string) => execFileSync('prlimit', ['--pid', String(victim.pid), `--${what}`])
  const unavailable = { type: 'error', data: { code: 'unavailable' } }
  /** The texts a newcomer is sent. */
  const history = async (seqs: number, query = 'client=reader'): Promise<unknown[]> => {
    const reader = await join(query)
    const events: unknown[] = []
    while (events.length < seqs) events.push((await reader.next<{ text: string }>('message')).data.text)
    return events
  }

  it('with a full disk refuses messages, lets clients read and resume, and takes messages again when there is space', async () => {
    await victim.start()
    const ann = await join('client=ann')
    const { epoch } = (await ann.next<{ epoch: string }>('welcome')).data
    expect(await say(ann, 'a')).toMatchObject({ type: 'ack', seq: 1 })
    expect(await say(ann, 'b')).toMatchObject({ type: 'ack', seq: 2 })
    limit(FULL)
    expect(await say(ann, 'c')).toMatchObject(unavailable)
    expect(await readiness()).toBe(503)
    expect(await say(ann, 'd')).toMatchObject(unavailable)
    expect((await fetch(`${victim.url}healthz`)).status).toBe(200)
    expect(await history(2)).toEqual(['a', 'b'])
    const back = await join(`client=ben&offset=${epoch}_${'1'.padStart(16, '0')}`)
    expect((await back.next('welcome')).data).toMatchObject({ resumed: true, seq: 2 })
    expect(await back.next('message')).toMatchObject({ seq: 2, data: { text: 'b' } })
    limit(FREE)
    await ready(200)
    expect(await say(ann, 'c')).toEqual(expect.objectContaining({ type: 'ack', seq: 3 }))
    expect(await say(ann, 'a')).toMatchObject({ type: 'ack', seq: 1, duplicate: true })
    await victim.end()
    expect(await victim.read()).toEqual({
      integrity: 'ok',
      log: ['a', 'b', 'c'].map((key, index) => ({ seq: index + 1, key })),
    })
  })

  it('started on a full disk opens the rooms it knows, to read and to resume in', async () => {
    await victim.start()
    const ann = await join('client=ann')
    const { epoch } = (await ann.next<{ epoch: string }>('welcome')).data
    await say(ann, 'a')
    await victim.kill()
    await victim.start(['prlimit', `--${FULL}`])
    const ben = await join(`client=ben&offset=${epoch}_${'0'.padStart(16, '0')}`)
    expect((await ben.next('welcome')).data).toMatchObject({ resumed: true, first: 1, seq: 1 })
    expect(await ben.next('message')).toMatchObject({ seq: 1, data: { text: 'a' } })
    expect(await say(ben, 'b')).toMatchObject(unavailable)
    expect(await readiness()).toBe(503)
    limit(FREE)
    await ready(200)
    expect(await say(ben, 'b')).toMatchObject({ type: 'ack', seq: 2 })
    await victim.end()
    await victim.start()
    const eve = await join(`client=eve&offset=${epoch}_${'0'.padStart(16, '0')}`)
    expect((await eve.next('welcome')).data).toMatchObject({ resumed: true, seq: 2 })
  })

  describe('whose disk is made to fail', () => {
    const strace = need('strace')
    const inject = (fault: string) => [
      strace ?? '',
      '-f',
      '-qq',
      '-o',
      '/dev/null',
      '-e',
      'trace=fsync,fdatasync',
      '-e',
      `inject=fsync,fdatasync:${fault}`,
    ]
    /** Syncs of a start and the first messages pass. */
    const LATER = 20

    it('refuses all from a failed sync on, though the next would succeed, until it is started again', async () => {
      await victim.start(inject(`error=EIO:when=${LATER}`))
      const ann = await join('client=ann')
      const acked: string[] = []
      let answer = await say(ann, 'm0')
      while (answer.type === 'ack') {
        acked.push(`m${acked.length}`)
        answer = await say(ann, `m${acked.length}`)
      }
      expect(answer).toMatchObject(unavailable)
      expect(await readiness()).toBe(503)
      expect(acked.length).toBeGreaterThan(2)
      for (const id of ['x', 'y', `m${acked.length}`]) expect(await say(ann, id)).toMatchObject(unavailable)
      // Longer than the pause after which a disk that was only full is asked again.
      const endMs = performance.now() + 1500
      while (performance.now() < endMs) expect(await say(ann, 'z')).toMatchObject(unavailable)
      expect(await readiness()).toBe(503)
      expect(await history(acked.length)).toEqual(acked)
      await victim.kill()
      await victim.start()
      const again = await join('client=ann')
      expect(await say(again, `m${acked.length}`)).toMatchObject({ type: 'ack', seq: acked.length + 1 })
      await victim.end()
      const { log, integrity } = await victim.read()
      expect(integrity).toBe('ok')
      expect(log.map(({ key }) => key)).toEqual([...acked, `m${acked.length}`])
    })

    it('answers while the disk hangs, and keeps a repeated message once', async () => {
      await victim.start(inject(`delay_enter=7000000:when=${LATER}`))
      const ann = await join('client=ann')
      let seq = 0
      let answer = await say(ann, 'm0')
      while (answer.type === 'ack') {
        seq += 1
        answer = await say(ann, `m${seq}`)
      }
      expect(answer).toMatchObject(unavailable)
      expect(await say(ann, `m${seq}`)).toMatchObject({ type: 'ack', seq: seq + 1, duplicate: true })
      expect(await readiness()).toBe(200)
      await victim.end()
      const { log } = await victim.read()
      expect(log.map(({ key }) => key)).toEqual(Array.from({ length: seq + 1 }, (_, i) => `m${i}`))
    })
  })
})
