/** The checker of the bank finds each mistake that is planted into a server: one never seen to fail proves nothing. */
import { afterEach, describe, expect, it } from 'vitest'
import { tellWrong } from '../../support/figures.ts'
import { Bank } from './bank.ts'
import { standing } from './checker.ts'

tellWrong('RM2', 'mistakes that were not found')

let bank: Bank

afterEach(() => bank.remove())

/** What the checker says first; a server without the mistake survives the same (`kill.test.ts`). */
const FOUND = {
  storage: /^storage: /,
  id: /^double: /,
  'alarm-over': /^alarms: /,
  'alarm-set': /^alarms: /,
  redact: /^double: /,
}

describe('the checker finds in a server that dies', () => {
  it.each(Object.entries(FOUND))('%s: in another transaction, or before its own', async (fault, found) => {
    bank = await Bank.make()
    await bank.victim.startDoomed('between', 5, fault)
    bank.begin(7)
    expect(await bank.victim.died()).toBe('SIGKILL')
    const before = standing(await bank.books())
    await bank.victim.start()
    await bank.tellers.moreAcked(50)
    const all = [...before, ...(await bank.judge())]
    expect(all).toContainEqual(expect.stringMatching(found))
  })
})

/** `undo`, `late-undo`: what a step that throws, or is not kept, has changed stays. `early`: acks before the commit. */
const FOUND_LATER = {
  undo: /^(storage|sum): /,
  'late-undo': /^(storage|sum): /,
  half: /^(storage|sum): /,
  clear: /^base: /,
  early: /^(lost|phantom): /,
}

describe('the checker finds in a server that is killed some time', () => {
  it.each(Object.entries(FOUND_LATER))('%s', async (fault, found) => {
    bank = await Bank.make()
    await bank.victim.startDoomed('none', 1, fault)
    bank.begin(7)
    await bank.tellers.moreAcked(fault === 'early' ? 100 : 300)
    await bank.victim.kill()
    expect(standing(await bank.books())).toContainEqual(expect.stringMatching(found))
  })
})
