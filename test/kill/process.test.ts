/** The processes of the tests end with the test run, also where the run is killed and cannot clean up. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { Process } from '../support/process.ts'

const MODULE = new URL('../support/process.ts', import.meta.url).href
/** A run that starts a shell, which starts a program, prints their group, and then only waits. */
const RUN = `
const { Process } = await import(${JSON.stringify(MODULE)})
const child = new Process('/bin/sh', ['-c', 'sleep 60 & echo started; wait'], '/', {})
await child.text(/started/)
process.stdout.write(String(child.pid) + '\\n')
setInterval(() => {}, 1000)
`

it.each(['SIGKILL', 'SIGTERM'] as const)('a run that gets %s leaves nothing of what it started', async (signal) => {
  const run = spawn(process.execPath, ['--input-type=module', '-e', RUN], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [said] = await once(run.stdout, 'data')
    const group = Number(said)
    expect(membersOf(group)).toHaveLength(2)
    run.kill(signal)
    await once(run, 'exit')
    await expect.poll(() => membersOf(group)).toEqual([])
  } finally {
    run.kill('SIGKILL')
  }
})

it('a process that ends by itself, or is stopped, leaves nobody waiting for it', async () => {
  const before = watchers()
  const ended = new Process('/bin/sh', ['-c', 'exit 3'], '/', {})
  const stopped = new Process('/bin/sh', ['-c', 'sleep 60'], '/', {})
  expect(watchers()).toBe(before + 2)
  expect(await ended.exited).toEqual({ code: 3, signal: null })
  await stopped.stop()
  expect((await stopped.exited).signal).toBe('SIGKILL')
  await expect.poll(watchers).toBe(before)
})

interface Status {
  readonly command: string
  readonly parent: number
  readonly group: number
}

/** What the system says of every process (proc(5)); one that is dead and only not yet buried is left out. */
function processes(): Status[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.flatMap((pid) => {
    try {
      const [, rest = ''] = /\) (.*)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
      const [state, parent, group] = rest.split(' ')
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      return state === 'Z' ? [] : [{ command, parent: Number(parent), group: Number(group) }]
    } catch {
      return []
    }
  })
}

function membersOf(group: number): Status[] {
  return processes().filter((each) => each.group === group)
}

/** How many wait for the end of this run. */
function watchers(): number {
  return processes().filter(({ parent, command }) => parent === process.pid && / leash \d+ $/.test(command)).length
}
