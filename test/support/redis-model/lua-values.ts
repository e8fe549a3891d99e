/** Between the values of Lua and the answers of commands, as Redis converts them. */
import { type Answer, CommandError, Status } from './answer.ts'
import { tableWith } from './lua/library.ts'
import { argumentText } from './lua/numbers.ts'
import { LuaTable, type LuaValue } from './lua/table.ts'

/** What a command answered, for the script that called it. */
export function toLua(answer: Answer): LuaValue {
  if (typeof answer === 'string' || typeof answer === 'number') return answer
  if (answer === null) return false
  if (answer instanceof Status) return tableWith({ ok: answer.text })
  const list = new Array<LuaValue>(answer.length)
  for (let at = 0; at < answer.length; at += 1) {
    const each = answer[at] ?? null
    list[at] = typeof each === 'string' ? each : toLua(each)
  }
  return new LuaTable(list)
}

/** What a script returned, for the client. */
export function fromLua(value: LuaValue): Answer {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return Math.trunc(value)
  if (value === true) return 1
  if (!(value instanceof LuaTable)) return null
  const error = value.get('err')
  if (typeof error === 'string') throw new CommandError(error)
  const ok = value.get('ok')
  if (typeof ok === 'string') return new Status(ok)
  const answers: Answer[] = []
  // The first nil ends it.
  for (const each of value.list) {
    if (each === undefined) break
    answers.push(fromLua(each))
  }
  return answers
}

/** An argument that a script gives to a command. */
export function commandArgument(value: LuaValue): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return argumentText(value)
  throw new CommandError('ERR Lua redis lib command arguments must be strings or integers')
}

/** What a script threw, as its answer. The text of an error of Lua's own differs from Redis', which names the place. */
export function failure(thrown: LuaValue): CommandError {
  if (typeof thrown === 'string' || typeof thrown === 'number') return new CommandError(`ERR user_script: ${thrown}`)
  if (!(thrown instanceof LuaTable)) return new CommandError(`ERR ${thrown === undefined ? 'nil' : String(thrown)}`)
  const error = thrown.get('err')
  return new CommandError(typeof error === 'string' ? error : 'ERR unknown error')
}
