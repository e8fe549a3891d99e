/** What a command answers: a text is a JavaScript string of bytes, here and in all of the model. */

export type Answer = string | number | null | Status | readonly Answer[]

/** A simple answer, such as `OK`. */
export class Status {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A command answers with an error. Its first word is its code. Not an `Error`: nobody reads its stack. */
export class CommandError {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

export const OK = new Status('OK')
export const SYNTAX = new CommandError('ERR syntax error')
export const WRONG_TYPE = new CommandError('WRONGTYPE Operation against a key holding the wrong kind of value')
export const NOT_INTEGER = new CommandError('ERR value is not an integer or out of range')
export const NOT_FLOAT = new CommandError('ERR value is not a valid float')

/** A whole number as Redis reads it. */
export function integer(text: string | undefined): number {
  if (text === undefined || !/^(0|-?[1-9]\d{0,18})$/.test(text)) throw NOT_INTEGER
  const number = Number(text)
  if (Number.isSafeInteger(number)) return number
  if (BigInt.asIntN(64, BigInt(text)) !== BigInt(text)) throw NOT_INTEGER
  throw new RangeError(`the model has whole numbers up to 2^53, got ${text}`)
}
