/**
 * What the system says of CPU and memory (Linux, `/proc`). Elsewhere the figures are `undefined`, and the benchmark
 * shows none.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** Of the whole machine: a process that is pinned to one core sees only that one. */
const CORES = cpus().length

/** CPU time a process has used so far with all its threads, in microseconds. */
export function cpuUsOf(pid: number): number | undefined {
  try {
    let ns = 0
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      ns += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0])
    }
    return ns / 1000
  } catch {
    return undefined
  }
}

/** Memory of a process that is in RAM, in bytes. */
export function rssOf(pid: number): number | undefined {
  try {
    const [, kb] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return kb === undefined ? undefined : Number(kb) * 1024
  } catch {
    return undefined
  }
}

/** A stretch of time on this machine: what the generator used of it, what the host took, what others used. */
export class Stretch {
  readonly #pid: number
  readonly #startMs = performance.now()
  readonly #machine = machineTicks()
  readonly #own = process.cpuUsage()
  readonly #server: number | undefined

  constructor(pid: number) {
    this.#pid = pid
    this.#server = cpuUsOf(pid)
  }

  /** Shares are of all cores; `serverUs` and `loadUs` are CPU time used in the stretch. */
  end(): { serverUs: number | undefined; loadUs: number; loadShare: number; stolenShare: number; othersShare: number } {
    const us = (performance.now() - this.#startMs) * 1000
    const used = process.cpuUsage(this.#own)
    const loadUs = used.user + used.system
    const now = cpuUsOf(this.#pid)
    const serverUs = now === undefined || this.#server === undefined ? undefined : now - this.#server
    const machine = machineTicks()
    // A tick is 10 ms wherever Linux runs today (USER_HZ).
    const shareOf = (ticks: number) => (ticks * 10_000) / (us * CORES)
    const others = shareOf(machine.busy - this.#machine.busy) - (loadUs + (serverUs ?? 0)) / (us * CORES)
    return {
      serverUs,
      loadUs,
      loadShare: loadUs / us,
      stolenShare: shareOf(machine.stolen - this.#machine.stolen),
      othersShare: serverUs === undefined ? 0 : Math.max(0, others),
    }
  }
}

function machineTicks(): { busy: number; stolen: number } {
  try {
    const [, line = ''] = /^cpu\s+(.*)$/m.exec(readFileSync('/proc/stat', 'utf8')) ?? []
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, stolen = 0] = line.split(' ').map(Number)
    return { busy: user + nice + system + irq + softirq, stolen }
  } catch {
    return { busy: 0, stolen: 0 }
  }
}
