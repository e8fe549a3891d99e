/** Backups of a bank under load: each is consistent at one moment, and a server goes on from one. */
import { copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { tell } from '../../support/figures.ts'
import { ADMIN_TOKEN } from '../../support/operator.ts'
import { Bank, readBooks } from './bank.ts'
import { check } from './checker.ts'

const COPIES = 5

let bank: Bank

afterEach(() => bank.remove())

it('have books that agree, also after a server went on from one', async () => {
  bank = await Bank.make()
  const { victim } = bank
  await victim.start([], { ADMIN_TOKEN })
  const tellers = bank.begin(11)
  const file = join(victim.folder, 'backup.db')
  let before = 0
  for (let copy = 1; copy <= COPIES; copy += 1) {
    await tellers.moreAcked(50)
    const answer = await fetch(`${victim.url}admin/backup`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
    expect(answer.status).toBe(200)
    writeFileSync(file, new Uint8Array(await answer.arrayBuffer()))
    const books = readBooks(file)
    expect(check(books)).toEqual([])
    expect(books.seq).toBeGreaterThan(before)
    before = books.seq
  }
  await tellers.rest()
  tellers.leave()
  await victim.end()
  for (const end of ['-wal', '-shm']) rmSync(`${victim.database}${end}`, { force: true })
  copyFileSync(file, victim.database)
  await victim.start()
  await bank.begin(12, 2).moreAcked(50)
  await bank.tellers.rest()
  bank.tellers.leave()
  await victim.end()
  const after = readBooks(victim.database)
  expect(check(after)).toEqual([])
  expect(after.seq).toBeGreaterThan(before)
  tell('RM7', 'backups under load whose books did not agree', `0 of ${COPIES}`)
})
