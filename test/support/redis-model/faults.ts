/** What is wrong with a model: set by a test, asked before each command and script. */
import { CommandError } from './answer.ts'
import type { Command } from './command.ts'

export class Faults {
  /** Its memory is full, with `noeviction`. */
  isFull = false
  /** It follows another, and refuses writes. */
  isReplica = false
  isLoading = false
  /** A script runs that does not end. */
  isBusy = false
  /** What it cannot write to its disk: its append-only file, or its snapshots. */
  diskError: 'aof' | 'snapshot' | undefined
  /** How wrong its clock is. */
  clockErrorMs = 0

  /** Throws what Redis answers instead of running a command, or a script with such flags. */
  mayRun({ isWrite, growsMemory, needsDisk, isForLoading }: Checked): void {
    if (this.isFull && growsMemory) throw OOM
    if (needsDisk) this.#mustHaveDisk()
    if (isWrite) this.mayWrite()
    if (this.isLoading && !isForLoading) throw new CommandError('LOADING Redis is loading the dataset in memory')
    if (this.isBusy) throw BUSY
  }

  /** Asked for each command of a script that writes. */
  mayWrite(): void {
    this.#mustHaveDisk()
    if (this.isReplica) throw new CommandError("READONLY You can't write against a read only replica.")
  }

  #mustHaveDisk(): void {
    if (this.diskError !== undefined) throw DISK_ERRORS[this.diskError]
  }
}

export type Checked = Pick<Command, 'isWrite' | 'growsMemory' | 'needsDisk' | 'isForLoading'>

export const OOM = new CommandError("OOM command not allowed when used memory > 'maxmemory'.")
const DISK_ERRORS = {
  aof: new CommandError('MISCONF Errors writing to the AOF file: No space left on device'),
  snapshot: new CommandError(
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.",
  ),
}

const BUSY = new CommandError('BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.')
