/**
 * Checks what a room's `open` returned before anybody comes in: a handler under a wrong name would never run, and what
 * was said to it would be acknowledged all the same. `room.ts` asks; the parts of a module itself `definition-check.ts` checks.
 */
import { show, suggestion } from '../mistakes.ts'

const COMMON = ['join', 'drop', 'rejoin', 'leave', 'close']

/** Throws where `open` returned anything else. `types`: what an event room receives; `undefined`: a raw room. */
export function mustBeHandlers<H extends object>(handlers: unknown, types?: readonly string[]): asserts handlers is H {
  const mistakes = mistakesIn(handlers, types)
  if (mistakes.length > 0) throw new TypeError(mistakes.join('; '))
}

/** One line each. */
function mistakesIn(handlers: unknown, types?: readonly string[]): string[] {
  if (typeof handlers !== 'object' || handlers === null)
    return [`open: expected it to return an object of handlers, got ${show(handlers)}`]
  const parts = [...COMMON, types ? 'receive' : 'message']
  const mistakes = namesOf(handlers)
    .filter((part) => !parts.includes(part))
    .map((part) => `open: returned "${part}", which a room has not; ${suggestion(part, parts)}`)
  for (const part of parts) {
    const value = own(handlers, part)
    if (part !== 'receive' && value !== undefined && typeof value !== 'function')
      mistakes.push(`open: expected "${part}" as a function, got ${show(value)}`)
  }
  return types ? [...mistakes, ...receiveMistakes(own(handlers, 'receive') ?? {}, types)] : mistakes
}

function receiveMistakes(receive: unknown, types: readonly string[]): string[] {
  if (typeof receive !== 'object' || receive === null)
    return [`open: expected "receive" as an object of handlers, got ${show(receive)}`]
  const unknown = namesOf(receive)
    .filter((type) => !types.includes(type))
    .map((type) => `open: returned receive.${type}, but "receives" has no such type; ${known(type, types)}`)
  const missing = types
    .filter((type) => typeof own(receive, type) !== 'function')
    .map((type) => `open: expected a function receive.${type}, got ${show(own(receive, type))}; "receives" declares it`)
  return [...unknown, ...missing]
}

function known(type: string, types: readonly string[]): string {
  return types.length > 0 ? suggestion(type, types) : 'declare it there, or remove the handler'
}

/** An object of a class may have fields and methods of its own; of a plain one every name is meant for the room. */
function namesOf(object: object): string[] {
  const prototype: unknown = Object.getPrototypeOf(object)
  return prototype === Object.prototype || prototype === null ? Object.keys(object) : []
}

/** A part, also of a class, but not what every object has. */
function own(object: object, name: string): unknown {
  const value: unknown = Reflect.get(object, name)
  return Object.hasOwn(object, name) || value !== Reflect.get(Object.prototype, name) ? value : undefined
}
