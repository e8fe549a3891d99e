/**
 * Ends what a test started when the test run itself is killed, which leaves it no time to clean up: a shell beside each
 * process waits at our pipe, and if the pipe ends without a message it kills the whole group. `process.ts` puts
 * every process on one; the product knows nothing of it.
 */
import { type ChildProcess, spawn } from 'node:child_process'

const WATCH = 'read -r word || kill -s KILL -- "-$1"'

export class Leash {
  readonly #watcher: ChildProcess

  /** `group`: the id of a group of processes. */
  constructor(group: number) {
    // In a separate group: a signal to the run's group must not reach it.
    this.#watcher = spawn('/bin/sh', ['-c', WATCH, 'leash', String(group)], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    this.#watcher.stdin?.on('error', () => {})
    this.#watcher.unref()
  }

  /** The group has ended; its number may soon be another's. */
  release(): void {
    this.#watcher.stdin?.end('done\n')
  }
}
