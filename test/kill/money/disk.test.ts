/** A disk that is full, or fails to sync, under a bank: what cannot be kept is undone, in memory too, and the books agree. */
import { execFileSync } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { need } from '../../support/components.ts'
import { tellWrong } from '../../support/figures.ts'
import { Bank } from './bank.ts'
import { standing } from './checker.ts'

const SEED = Number(process.env.SEED ?? 20_262)
/** Syncs of a start and the first messages pass. */
const LATER = 60
const FULL_MS = 700

let bank: Bank

tellWrong('RM3', 'runs after which the books did not agree')

beforeEach(async () => {
  bank = await Bank.make()
})
afterEach(() => bank.remove())

const limit = (what: string) => execFileSync('prlimit', ['--pid', String(bank.victim.pid), `--fsize=${what}:unlimited`])
const readiness = async () => (await fetch(`${bank.victim.url}readyz`)).status

it('that is full again and again: what was refused is said again, and stands once', async () => {
  await bank.victim.start()
  const tellers = bank.begin(SEED)
  for (let time = 1; time <= 3; time += 1) {
    await tellers.moreAcked(100)
    // No file may grow: each write fails, as on a full disk.
    limit('1')
    await expect.poll(readiness).toBe(503)
    await wait(FULL_MS)
    limit('unlimited')
    await expect.poll(readiness).toBe(200)
  }
  await tellers.moreAcked(100)
  expect(await bank.judge()).toEqual([])
})

it('that is full when the server is killed', async () => {
  await bank.victim.start()
  const tellers = bank.begin(SEED)
  await tellers.moreAcked(100)
  limit('1')
  await expect.poll(readiness).toBe(503)
  await wait(FULL_MS)
  await bank.victim.kill()
  expect(standing(await bank.books())).toEqual([])
  await bank.victim.start()
  await tellers.moreAcked(100)
  expect(await bank.judge()).toEqual([])
})

it('whose sync fails: nothing is taken until the server is started again', async () => {
  const inject = `inject=fsync,fdatasync:error=EIO:when=${LATER}+`
  const strace = need('strace') ?? ''
  await bank.victim.start([strace, '-f', '-qq', '-o', '/dev/null', '-e', 'trace=fsync,fdatasync', '-e', inject])
  bank.begin(SEED)
  await expect.poll(readiness).toBe(503)
  await bank.victim.kill()
  expect(standing(await bank.books())).toEqual([])
  await bank.victim.start()
  await bank.tellers.moreAcked(100)
  expect(await bank.judge()).toEqual([])
})
