/**
 * Checks what a room's `open` returned before a peer joins: a handler under a wrong name would never run, and its
 * messages would be acknowledged all the same. `room.ts` calls it; `definition-check.ts` checks the module itself.
 */
import { show, suggestion } from '../mistakes.ts'

const COMMON = ['join', 'drop', 'rejoin', 'leave', 'alarm', 'close']

/**
 * Throws a `TypeError` that names every problem. `types`: the message types of an event room; `undefined`: a raw room.
 */
export function mustBeHandlers<H extends object>(handlers: unknown, types?: readonly string[]): asserts handlers is H {
  const problems = problemsIn(handlers, types)
  if (problems.length > 0) throw new TypeError(problems.join('; '))
}

/** One line for each problem. */
function problemsIn(handlers: unknown, types?: readonly string[]): string[] {
  if (typeof handlers !== 'object' || handlers === null)
    return [`open: expected it to return an object of handlers, got ${show(handlers)}`]
  const parts = [...COMMON, types ? 'receive' : 'message']
  const problems = namesOf(handlers)
    .filter((part) => !parts.includes(part))
    .map((part) => `open: returned "${part}", which this kind of room does not have; ${suggestion(part, parts)}`)
  for (const part of parts) {
    const value = own(handlers, part)
    if (part !== 'receive' && value !== undefined && typeof value !== 'function')
      problems.push(`open: expected "${part}" as a function, got ${show(value)}`)
  }
  return types ? [...problems, ...receiveProblems(own(handlers, 'receive') ?? {}, types)] : problems
}

function receiveProblems(receive: unknown, types: readonly string[]): string[] {
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

/** A class instance may have further fields and methods. In a plain object every name is meant for the room. */
function namesOf(object: object): string[] {
  const prototype: unknown = Object.getPrototypeOf(object)
  return prototype === Object.prototype || prototype === null ? Object.keys(object) : []
}

/** A property, also an inherited one, but not one that every object has. */
function own(object: object, name: string): unknown {
  const value: unknown = Reflect.get(object, name)
  return Object.hasOwn(object, name) || value !== Reflect.get(Object.prototype, name) ? value : undefined
}
