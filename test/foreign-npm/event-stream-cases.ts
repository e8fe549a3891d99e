/**
 * What every stock client of Server-Sent Events can do with a room. A test file names one client and how it is opened,
 * in the words of its own documentation.
 */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { post } from '../support/event-stream.ts'
import { sign } from '../support/tokens.ts'
import { Heard, type Said } from './heard.ts'
import { COOKIE, openStage } from './stage.ts'

export interface StreamOpening {
  readonly url: string
  readonly headers?: Record<string, string>
  readonly heard: (event: string, data: string) => void
  /** Each end of a stream; `isOver`: the client does not try again. */
  readonly ended: (isOver: boolean) => void
}

export interface EventStreamClient {
  readonly name: string
  readonly tokens: readonly ('header' | 'cookie')[]
  open(opening: StreamOpening): { close(): void }
}

/** One stream, as its program reads it. */
class Listener {
  readonly events = new Heard<Said>()
  readonly peers = new Heard<string>()
  readonly closes = new Heard<{ error?: string; code?: number }>()
  readonly ends = new Heard<boolean>()
  readonly close: () => void

  constructor(client: EventStreamClient, url: string, headers?: Record<string, string>) {
    const heard = (event: string, data: string) => {
      const said = JSON.parse(data)
      if (event === 'data') for (const each of said) this.events.push(each)
      if (event === 'control' && said.peer) this.peers.push(said.peer)
      if (event === 'close') this.closes.push(said)
    }
    const opened = client.open({ url, heard, ended: this.ends.push, ...(headers && { headers }) })
    this.close = () => opened.close()
  }

  async next(type: string): Promise<Said> {
    for (;;) {
      const said = await this.events.next(`event ${type}`)
      if (said.type === type) return said
    }
  }

  get seqs(): number[] {
    return this.events.all.flatMap(({ type, seq }) => (type === 'noted' && seq !== undefined ? [seq] : []))
  }
}

/** When the client of a full room shall come back. */
const FULL_RETRY_MS = 10_000

/** Shortens the timers of exactly this delay, and counts them. */
function hasten(delayMs: number): { count: number } {
  const waits = { count: 0 }
  const { setTimeout } = globalThis
  vi.spyOn(globalThis, 'setTimeout').mockImplementation((run, ms, ...rest) => {
    if (ms !== delayMs) return setTimeout(run, ms, ...rest)
    waits.count += 1
    return setTimeout(run, 20, ...rest)
  })
  return waits
}

const note = (text: string, id?: string) => ({ type: 'note', data: { text }, id })

export function behavesAsEventStreamClient(client: EventStreamClient): void {
  describe(client.name, () => {
    const stage = openStage()
    let listeners: Listener[] = []
    const listen = (path: string, headers?: Record<string, string>) => {
      const listener = new Listener(client, `${stage.url}${path}`, headers)
      listeners.push(listener)
      return listener
    }
    const say = (path: string, text: string) => post(`${stage.server.url}${path}`, note(text))
    afterEach(() => {
      vi.restoreAllMocks()
      for (const listener of listeners) listener.close()
      listeners = []
    })

    it('reads a room from its beginning, and what is said later', async () => {
      await say('/notes/read', 'grüße 你好 🎉')
      const reader = listen('/notes/read?offset=-1&live=sse')
      expect(await reader.next('noted')).toMatchObject({ seq: 1, data: { text: 'grüße 你好 🎉' } })
      await say('/notes/read', 'later')
      expect(await reader.next('noted')).toMatchObject({ seq: 2, data: { text: 'later' } })
    })

    it('is a member: it is welcomed, sends by POST and is acknowledged', async () => {
      const ann = listen('/notes/member?live=sse&client=one&name=Ann')
      expect(await ann.next('welcome')).toMatchObject({ data: { you: { name: 'Ann' } } })
      const peer = await ann.peers.next('a token of the peer')
      const sent = await post(`${stage.url}/notes/member`, note('hello', '1'), { 'Corridor-Peer': peer })
      expect(sent.status).toBe(204)
      expect(await ann.next('noted')).toMatchObject({ data: { text: 'hello', from: 'Ann' } })
      expect(await ann.next('ack')).toMatchObject({ id: '1', seq: 1 })
    })

    it.each(client.tokens)('enters a locked room with a token in the %s', async (place) => {
      const token = await sign({ sub: 'ann', name: 'Ann' })
      const headers = place === 'header' ? { Authorization: `Bearer ${token}` } : { Cookie: `${COOKIE}=${token}` }
      const ann = listen('/locked?live=sse&client=one', headers)
      expect(await ann.next('welcome')).toMatchObject({ data: { you: { id: 'ann', name: 'Ann' } } })
    })

    it.each(['/nowhere', '/locked', '/uninvited', '/echo'])('does not try again after %s refused it', async (path) => {
      const reader = listen(`${path}?offset=-1&live=sse`)
      expect(await reader.ends.next('the end')).toBe(true)
      expect(reader.ends.all).toEqual([true])
      expect([reader.events.all, reader.closes.all]).toEqual([[], []])
    })

    it.each([
      ['/full', 'room_full'],
      ['/few', 'too_many'],
    ])('comes back to %s (%s) after the time it is told, when there is a place', async (path, error) => {
      const waits = hasten(FULL_RETRY_MS)
      const first = await stage.server.connect(path)
      const ann = listen(`${path}?live=sse&client=one&name=Ann`)
      expect(await ann.closes.next('the reason')).toMatchObject({ error })
      expect(await ann.ends.next('the end')).toBe(false)
      expect(ann.events.all).toEqual([])
      await first.close()
      expect(await ann.next('welcome')).toMatchObject({ data: { you: { name: 'Ann' } } })
      expect(waits.count).toBeGreaterThan(0)
    })

    it('misses and repeats nothing over a lost connection, a drain and a restart', async () => {
      const path = '/notes/returns'
      const ann = listen(`${path}?offset=-1&live=sse`)
      const ben = listen(`${path}?live=sse&client=ben&name=Ben`)
      const all = [ann, ben]
      await ben.next('welcome')
      await say(path, 'one')
      for (const each of all) expect(await each.next('noted')).toMatchObject({ seq: 1 })
      stage.proxy.cut()
      await say(path, 'two')
      for (const each of all) expect(await each.next('noted')).toMatchObject({ seq: 2 })
      const drain = await stage.drain()
      for (const each of all) expect(await each.closes.next('the reason')).toMatchObject({ code: 1012 })
      const late = listen(`${path}?offset=-1&live=sse`)
      expect(await late.closes.next('the reason')).toMatchObject({ error: 'draining' })
      await drain.restart()
      await say(path, 'three')
      for (const each of [...all, late]) while ((await each.next('noted')).seq !== 3);
      for (const each of [...all, late]) expect(each.seqs).toEqual([1, 2, 3])
      for (const each of all) expect(each.ends.all).not.toContain(true)
    })
  })
}
