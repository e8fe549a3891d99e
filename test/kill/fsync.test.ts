/** An ack says "on disk": a trace of the system calls of a server shows that none leaves before its sync has returned. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type Client, connect } from '../support/client.ts'
import { need } from '../support/components.ts'
import { readTrace, STRACE, type TraceVerdict } from './trace.ts'
import { Victim } from './victim.ts'

const CLIENTS = 6
const MESSAGES = 40

describe('a server under trace', () => {
  const strace = need('strace')
  let victim: Victim

  afterEach(() => victim.remove())

  /** Many clients speak at once, each with some messages on their way. */
  async function traced(env: Record<string, string>): Promise<TraceVerdict> {
    victim = await Victim.make()
    const file = join(victim.folder, 'trace')
    await victim.start([strace ?? '', ...STRACE, file], env)
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, (_, i) => connect(`${victim.url.replace('http', 'ws')}room?client=c${i}`)),
    )
    await Promise.all(clients.map((client, index) => speak(client, index)))
    for (const client of clients) client.terminate()
    await victim.end()
    return readTrace(readFileSync(file, 'utf8'))
  }

  it('lets no ack out before its event is on disk', async () => {
    const { acks, syncs, early } = await traced({})
    process.stdout.write(`${acks} acks, ${syncs} syncs, ${early.length} acks before their sync\n`)
    expect(early).toEqual([])
    expect(acks).toBe(CLIENTS * MESSAGES)
    expect(syncs).toBeGreaterThan(1)
  })

  it('is caught where it keeps nothing', async () => {
    const { acks, early } = await traced({ DATA_DIR: ':memory:' })
    expect(early.length).toBe(acks)
    expect(acks).toBe(CLIENTS * MESSAGES)
  })
})

async function speak(client: Client, index: number): Promise<void> {
  let said = 0
  const say = () => {
    said += 1
    const key = `key-${index}-${said};`
    client.send('message', { text: key }, key)
  }
  for (let i = 0; i < 4; i += 1) say()
  for (let answered = 0; answered < MESSAGES; answered += 1) {
    await client.next('ack')
    if (said < MESSAGES) say()
  }
}

describe('the reading of a trace', () => {
  const write = 'pwrite64(27, "..key-1-1;..", 4096, 32) = 4096'
  const sync = 'fsync(27) = 0'
  const ack = String.raw`write(30, "\201~\0\221{\"type\":\"ack\",\"id\":\"key-1-1;\",\"seq\":1}", 40) = 40`
  const read = (...calls: string[]) =>
    readTrace(calls.map((call, i) => `10${call.startsWith('write') ? 0 : 1} 1.${i} ${call}`).join('\n'))
  const early = ['the ack of key-1-1; left at 1.2, before its sync had returned']

  it('lets an ack pass that follows its sync, also one that took its time', () => {
    expect(read(write, sync, ack)).toEqual({ acks: 1, syncs: 1, early: [] })
    expect(read(write, 'fsync(27 <unfinished ...>', '<... fsync resumed>) = 0', ack).early).toEqual([])
  })

  it('finds an ack before its sync, during it, and after one that failed', () => {
    expect(read(write, 'write(1, "", 0) = 0', ack, sync).early).toEqual(early)
    expect(read(write, 'fsync(27 <unfinished ...>', ack, '<... fsync resumed>) = 0').early).toEqual(early)
    expect(read(write, 'fsync(27) = -1 EIO (Input/output error)', ack).early).toEqual(early)
  })

  it('finds an ack whose sync was of another file, or began before the page was written', () => {
    expect(read(write, 'fsync(28) = 0', ack).early).toEqual(early)
    expect(read(sync, write, ack).early).toEqual(early)
    expect(read('fsync(27 <unfinished ...>', write, '<... fsync resumed>) = 0', ack).early).toHaveLength(1)
  })
})
