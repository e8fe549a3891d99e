/**
 * A drain as an EventSource lives through it, when one WebSocket that ignores its close holds the server up: each comes
 * back after the restart, whenever it was opened, and has missed nothing. Stock clients: npm `eventsource` and Chromium.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EventSource } from 'eventsource'
import { type Browser, chromium } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RawPeer } from '../../kill/raw-peer.ts'
import { need } from '../../support/components.ts'
import { post } from '../../support/event-stream.ts'
import { corridor, type Process } from '../../support/process.ts'

const ROOMS = fileURLToPath(new URL('../../../rooms/rooms.json', import.meta.url))
const PATIENCE = { interval: 100 }

let folder: string
let server: Process | undefined
let deaf: RawPeer | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'corridor-drain-'))
})

afterEach(async () => {
  deaf?.end()
  await server?.stop()
  rmSync(folder, { recursive: true })
})

const boot = (port = '0') => {
  server = corridor(['start'], folder, { PORT: port, ROOMS, DRAIN_MS: '3000' })
  return server.url()
}
const say = (url: string, text: string) => post(`${url}/chat`, { type: 'message', data: { text } })

/** Opens EventSources, and returns the numbers of the events that each received. */
interface Listeners {
  open(from: string): Promise<void>
  heard(): Promise<number[][]>
}

/** A restart with a long drain; `listeners` are opened before it and while it drains. */
async function survives(url: string, { open, heard }: Listeners): Promise<void> {
  const from = `${url}/chat?offset=-1&live=sse`
  await say(url, 'first')
  for (let index = 0; index < 3; index += 1) await open(from)
  await expect.poll(heard, PATIENCE).toEqual([[1], [1], [1]])
  let isIn = false
  const hear = (text: string) => {
    isIn ||= text.includes('welcome')
  }
  const { port } = new URL(url)
  deaf = new RawPeer(Number(port), '/chat', hear, { isDeaf: true })
  await expect.poll(() => isIn, PATIENCE).toBe(true)
  const exited = server?.exited
  server?.kill('SIGTERM')
  await expect.poll(() => deaf?.closeFrame?.code, PATIENCE).toBe(1012)
  // These meet the server while it drains, as those of before do who come back too early.
  for (let index = 0; index < 3; index += 1) await open(from)
  expect(await exited).toEqual({ code: 0, signal: null })
  await boot(port)
  await say(url, 'second')
  await expect.poll(heard, PATIENCE).toEqual(Array.from({ length: 6 }, () => [1, 2]))
}

describe('a restart is no end', () => {
  it('for an EventSource of npm', async () => {
    const sources: EventSource[] = []
    const all: number[][] = []
    await survives(await boot(), {
      async open(from) {
        const seqs: number[] = []
        all.push(seqs)
        const source = new EventSource(from)
        sources.push(source)
        source.addEventListener('data', ({ data }) => {
          for (const { seq } of JSON.parse(data) as { seq: number }[]) seqs.push(seq)
        })
      },
      heard: async () => all,
    })
    for (const source of sources) source.close()
  }, 60_000)

  describe('for one of Chromium', () => {
    const program = need('chromium')
    let browser: Browser | undefined
    afterEach(() => browser?.close())

    it('in a page that stays open', async () => {
      const url = await boot()
      browser = await chromium.launch({ executablePath: program ?? '', args: ['--no-sandbox', '--disable-gpu'] })
      const page = await browser.newPage()
      await page.goto(`${url}/healthz`)
      await page.evaluate('globalThis.all = []')
      await survives(url, {
        open: (from) =>
          page.evaluate(`{
            const seqs = []
            all.push(seqs)
            new EventSource(${JSON.stringify(from)}).addEventListener('data', ({ data }) => {
              for (const { seq } of JSON.parse(data)) seqs.push(seq)
            })
          }`),
        heard: () => page.evaluate('all'),
      })
    }, 60_000)
  })
})
