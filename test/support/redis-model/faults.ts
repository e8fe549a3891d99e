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
  /** The append-only file cannot be written. */
  diskError: string | undefined
  /** How wrong its clock is. */
  clockErrorMs = 0

  /** Throws what Redis answers instead of running a command, or a script with such flags. */
  mayRun({ isWrite, growsMemory, isForLoading }: Checked): void {
    if (this.isFull && growsMemory) throw OOM
    if (isWrite) this.mayWrite()
    if (this.isLoading && !isForLoading) throw new CommandError('LOADING Redis is loading the dataset in memory')
    if (this.isBusy) throw BUSY
  }

  mayWrite(): void {
    if (this.diskError !== undefined)
      throw new CommandError(`MISCONF Errors writing to the AOF file: ${this.diskError}`)
    if (this.isReplica) throw new CommandError("READONLY You can't write against a read only replica.")
  }
}

export type Checked = Pick<Command, 'isWrite' | 'growsMemory' | 'isForLoading'>

export const OOM = new CommandError("OOM command not allowed when used memory > 'maxmemory'.")
const BUSY = new CommandError('BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.')
