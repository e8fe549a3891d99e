/**
 * Compiles a script of Lua 5.1 to a JavaScript function, which runs many times faster than an interpreter would
 * (`statements.ts`, `expressions.ts`). It has nothing of what Redis forbids (new globals), and no metatables, coroutines
 * or environments: a script that uses them does not compile, or fails by name.
 */
import luaparse from 'luaparse'
import type { Operators } from './operators.ts'
import { Parentheses } from './parentheses.ts'
import { Scope } from './scope.ts'
import { Statements } from './statements.ts'
import type { LuaResult, LuaTable, LuaValue } from './table.ts'

/** A compiled script: bound to the globals of a server once, then run with its keys and arguments. */
export type Compiled = (
  operators: Operators,
  global: (path: string) => LuaValue,
) => (keys: LuaTable, args: LuaTable) => LuaResult

/** `text`: as bytes, without a line of flags. Throws a `SyntaxError`. */
export function compile(text: string): Compiled {
  const parentheses = new Parentheses(text)
  const { body } = luaparse.parse(text, {
    luaVersion: '5.1',
    encodingMode: 'pseudo-latin1',
    comments: false,
    ranges: true,
    onCreateNode: parentheses.note,
  })
  const scope = new Scope()
  const params = [scope.declare('KEYS'), scope.declare('ARGV')]
  const code = new Statements(scope, parentheses.has).body(body)
  return new Function('O', 'G', `'use strict'\n${scope.bindings()}return (${params.join(', ')}) => ${code}`) as Compiled
}
