/** The memory log keeps the contract of logs. */
import { MemoryLog } from '../src/log/memory.ts'
import { systemRandom } from '../src/random.ts'
import { describeLog } from './support/logs.ts'

describeLog('memory', () => ({
  make: async (clock, logger) => new MemoryLog(clock, systemRandom(), logger),
  remove: async () => {},
}))
