/** Between what a client sends and gets, and the strings of bytes that the model has. */
import type { Argument, Reply } from '../../../src/log/redis/redis-calls.ts'
import { type Answer, Status } from './answer.ts'

/** As a string of bytes. */
export function toBytes(argument: Argument): string {
  if (typeof argument === 'number') return String(argument)
  if (typeof argument !== 'string')
    return Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength).toString('latin1')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is the same in bytes.
  return /^[\x00-\x7f]*$/.test(argument) ? argument : Buffer.from(argument).toString('latin1')
}

export function toReply(answer: Answer): Reply {
  if (typeof answer === 'string') return Buffer.from(answer, 'latin1')
  if (answer === null || typeof answer === 'number') return answer
  return answer instanceof Status ? Buffer.from(answer.text, 'latin1') : answer.map(toReply)
}
