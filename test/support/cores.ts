/**
 * Separate cores for a server under attack and for its attackers if the test measures, so that a figure is the
 * server's and not that of an attacker in its way. Where nothing is measured, the machine has one core, or no `taskset`
 * (util-linux), everyone shares.
 */
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { isMeasuring } from './scale.ts'

const SERVER = '0'
const OTHERS = `1-${availableParallelism() - 1}`

/** Whether the server gets a core that nobody else has. */
export function hasCores(): boolean {
  return isMeasuring && availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0
}

/** The command line of a program that keeps to the server's core. */
export function onServersCore(command: string, args: readonly string[]): [command: string, args: readonly string[]] {
  return hasCores() ? ['taskset', ['-c', SERVER, command, ...args]] : [command, args]
}

/** Moves this process, all its threads and what it starts from now on off the server's core. */
export function leaveServersCore(): void {
  if (hasCores()) spawnSync('taskset', ['-a', '-p', '-c', OTHERS, String(process.pid)])
}
