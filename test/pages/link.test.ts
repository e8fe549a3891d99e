/** The console's WebSocket with time and network under the test's control: how long it waits, and what `online` does. */
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Link } from '../../public/link.js'
import type { Shown } from '../../public/state.js'
import { Socket, stillTime } from '../support/dialled.ts'

stillTime()

const MOST_WAIT_MS = 30_000
let sockets: PageSocket[]
let shown: Shown[]
let page: EventTarget
let answer: () => Response

class PageSocket extends Socket {
  static readonly OPEN = 1
  binaryType = ''
  readyState = 0

  constructor(url: URL) {
    super(url.href)
    sockets.push(this)
  }

  opens() {
    this.readyState = 1
    this.dispatchEvent(new Event('open'))
  }

  override lose(code?: number, reason?: string) {
    this.readyState = 3
    super.lose(code, reason)
  }
}

beforeEach(() => {
  sockets = []
  shown = []
  page = new EventTarget()
  answer = () => new Response(null, { status: 204 })
  vi.stubGlobal('WebSocket', PageSocket)
  vi.stubGlobal('location', { pathname: '/echo', href: 'http://example.org/echo' })
  vi.stubGlobal('fetch', async () => answer())
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  const link = new Link(() => new URL('ws://example.org/echo'), {
    state: (state) => shown.push(state),
    lost() {},
    message() {},
  })
  link.open()
  return () => {
    link.close()
    vi.unstubAllGlobals()
  }
})

const first = () => sockets[0] as PageSocket

/** Until the link waits; how long, in ms. */
async function waits(): Promise<number> {
  for (let step = 0; step < 50 && shown.at(-1)?.state !== 'waiting'; step += 1) await Promise.resolve()
  const state = shown.at(-1)
  if (state?.state !== 'waiting') throw new Error(`expected a link that waits, got ${state?.state}`)
  return state.until - Date.now()
}

describe('a wait that the server asks for', () => {
  it('is kept', async () => {
    first().opens()
    first().lose(1012, 'restarting, come back in 250 ms')
    expect(await waits()).toBe(250)
    await vi.advanceTimersByTimeAsync(249)
    expect(sockets.length).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(sockets.length).toBe(2)
  })

  it.each([
    ['in a close reason', () => first().opens(), 'come back in 9999999999 ms'],
    [
      'by Retry-After',
      () => {
        answer = () => Response.json({ error: 'room_full' }, { status: 503, headers: { 'Retry-After': '9999999' } })
      },
      '',
    ],
  ])('is capped %s, and does not end at once', async (_, prepare, reason) => {
    prepare()
    first().lose(1013, reason)
    expect(await waits()).toBe(MOST_WAIT_MS)
    await vi.advanceTimersByTimeAsync(MOST_WAIT_MS - 1)
    expect(sockets.length).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(sockets.length).toBe(2)
  })
})

describe('the network that is back', () => {
  it('leaves an open connection as it is', () => {
    first().opens()
    page.dispatchEvent(new Event('online'))
    expect(sockets.length).toBe(1)
    expect(first().closedWith).toBeUndefined()
  })

  it('ends a wait', async () => {
    first().opens()
    first().lose()
    await waits()
    page.dispatchEvent(new Event('online'))
    expect(sockets.length).toBe(2)
  })
})
