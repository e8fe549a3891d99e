/** The network of a test's own does what its name says. */
import { spawnSync } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Machines, needMachines } from './machines.ts'

describe('machines', () => {
  needMachines()
  let machines: Machines
  beforeEach(async () => {
    machines = await Machines.make(2)
  })
  afterEach(() => machines.remove())

  /** Whether a packet of the one comes back from the other: nobody listens there, so it is a refusal. */
  function reaches(from: number, to: number, port = 1): boolean {
    const dial = ['timeout', '1', 'bash', '-c', `: < /dev/tcp/${machines.address(to)}/${port}`]
    const [command = '', ...args] = [...machines.on(from), ...dial]
    return spawnSync(command, args, { encoding: 'utf8' }).stderr.includes('refused')
  }

  it('reach each other and the test, until they are cut off or lost', () => {
    expect([reaches(1, 2), reaches(2, 1), reaches(0, 1), reaches(2, 0)]).toEqual([true, true, true, true])
    machines.cut(1, 2)
    expect([reaches(1, 2), reaches(0, 1), reaches(0, 2)]).toEqual([false, true, true])
    machines.mend(1, 2)
    expect(reaches(1, 2)).toBe(true)
    machines.cut(2, 1, 5)
    expect([reaches(2, 1, 5), reaches(2, 1, 6)]).toEqual([false, true])
    machines.lose(2)
    expect([reaches(0, 2), reaches(0, 1)]).toEqual([false, true])
  })
})
