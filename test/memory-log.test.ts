/** The memory log keeps the contract of logs. */
import { MemoryLog } from '../src/log/memory.ts'
import { describeLog } from './support/logs.ts'

describeLog('memory', () => ({ make: async (clock) => new MemoryLog(clock), remove: async () => {} }))
