/**
 * Machines of a test's own in one real network: each is a network namespace behind a router, which is one too. Packets
 * between two machines are dropped in one direction or both, and a machine vanishes from one moment to the next, without a
 * word to those it spoke with. The test itself stands beside the router, as one more machine.
 *
 * A namespace lives as long as the process that holds it, so nothing is left over, however the test ends.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { beforeEach } from 'vitest'
import { isStrict } from '../support/components.ts'
import { Process } from '../support/process.ts'

/** A machine's number, from 1; 0 is the machine of the test. */
export type MachineNumber = number

const TRIES = 20

export class Machines {
  readonly #net: number
  readonly #router: Process
  readonly #holders: readonly Process[]

  private constructor(net: number, router: Process, holders: readonly Process[]) {
    this.#net = net
    this.#router = router
    this.#holders = holders
  }

  static async make(count: number): Promise<Machines> {
    const router = await holder()
    const holders = await Promise.all(Array.from({ length: count }, holder))
    const net = join(router)
    const machines = new Machines(net, router, holders)
    inside(router, ['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward'])
    for (const [at, machine] of holders.entries()) {
      const number = at + 1
      inside(router, [
        'ip',
        'link',
        'add',
        `m${number}`,
        'type',
        'veth',
        'peer',
        'name',
        'eth0',
        'netns',
        `${machine.pid}`,
      ])
      up(router, `m${number}`, `10.${net}.${number}.1/24`)
      up(machine, 'eth0', `${machines.address(number)}/24`)
      inside(machine, ['ip', 'route', 'add', 'default', 'via', `10.${net}.${number}.1`])
    }
    return machines
  }

  address(machine: MachineNumber): string {
    return `10.${this.#net}.${machine}.2`
  }

  /** What stands before a command that runs on this machine. */
  on(machine: MachineNumber): string[] {
    const holder = this.#holders[machine - 1]
    return holder ? entry(holder) : []
  }

  /** Drops what the one sends to the other from now on, all of it or what goes to one port; silently. */
  cut(from: MachineNumber, to: MachineNumber, port?: number): void {
    this.#rule('add', from, to, port)
  }

  mend(from: MachineNumber, to: MachineNumber, port?: number): void {
    this.#rule('del', from, to, port)
  }

  /** The machine is gone: nobody hears of it any more. What runs on it is not told. */
  lose(machine: MachineNumber): void {
    for (const direction of ['from', 'to'])
      inside(this.#router, ['ip', 'rule', 'add', direction, this.address(machine), 'blackhole', 'pref', '99'])
  }

  /** It is back, and what runs on it goes on. */
  find(machine: MachineNumber): void {
    for (const direction of ['from', 'to'])
      inside(this.#router, ['ip', 'rule', 'del', direction, this.address(machine), 'blackhole', 'pref', '99'])
  }

  /** Ends all that runs on the machines too. */
  async remove(): Promise<void> {
    await Promise.all([...this.#holders, this.#router].map((process) => process.stop()))
  }

  #rule(verb: 'add' | 'del', from: MachineNumber, to: MachineNumber, port?: number): void {
    const which = ['from', this.address(from), 'to', this.address(to)]
    const only = port === undefined ? [] : ['ipproto', 'tcp', 'dport', String(port)]
    inside(this.#router, ['ip', 'rule', verb, ...which, ...only, 'blackhole', 'pref', '100'])
    inside(this.#router, ['ip', 'route', 'flush', 'cache'])
  }
}

/** Call it inside a `describe`: where this machine lets nobody make networks, its tests are skipped with the reason. */
export function needMachines(): void {
  const { status, stderr, error } = spawnSync('unshare', ['--net', 'ip', 'link', 'set', 'lo', 'up'], {
    encoding: 'utf8',
  })
  if (status === 0) return
  const reason = `expected to be root, with unshare, nsenter and ip (Debian: util-linux, iproute2): ${error ?? stderr}`
  if (isStrict()) throw new Error(reason)
  beforeEach(({ skip }) => skip(reason))
}

async function holder(): Promise<Process> {
  const process = new Process(
    'unshare',
    ['--net', 'sh', '-c', 'ip link set lo up && echo made && exec sleep infinity'],
    '/',
    {},
  )
  await process.text(/made/)
  return process
}

/** Connects this machine to the router, in a network that nobody here uses. → its number */
function join(router: Process): number {
  for (let tries = 1; ; tries += 1) {
    const net = 64 + Math.floor(Math.random() * 128)
    try {
      run(['ip', 'link', 'add', `corridor${net}`, 'type', 'veth', 'peer', 'name', 'm0', 'netns', `${router.pid}`])
      run(['ip', 'address', 'add', `10.${net}.0.2/24`, 'dev', `corridor${net}`])
      run(['ip', 'link', 'set', `corridor${net}`, 'up'])
      run(['ip', 'route', 'add', `10.${net}.0.0/16`, 'via', `10.${net}.0.1`])
      up(router, 'm0', `10.${net}.0.1/24`)
      return net
    } catch (error) {
      if (tries === TRIES) throw error
    }
  }
}

function up(where: Process, device: string, address: string): void {
  inside(where, ['ip', 'address', 'add', address, 'dev', device])
  inside(where, ['ip', 'link', 'set', device, 'up'])
}

function entry({ pid }: Process): string[] {
  return ['nsenter', `--net=/proc/${pid}/ns/net`, '--']
}

function inside(where: Process, command: readonly string[]): void {
  run([...entry(where), ...command])
}

function run([command = '', ...args]: readonly string[]): void {
  execFileSync(command, args, { stdio: 'pipe' })
}
