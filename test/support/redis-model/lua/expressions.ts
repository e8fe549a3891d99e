/**
 * Expressions of Lua as JavaScript. `value`: one value; `list`: the arguments of a call, whose last may be several;
 * `test`: true or false. `compiler.ts` compiles statements and hands over the bodies of functions.
 */
import type {
  CallExpression,
  Expression,
  FunctionDeclaration,
  StringLiteral,
  TableConstructorExpression,
} from 'luaparse'
import { KNOWN, MISSING } from './globals.ts'
import type { Scope } from './scope.ts'

const ARITHMETIC: Record<string, string> = { '+': 'add', '-': 'sub', '*': 'mul', '/': 'div', '%': 'mod', '^': 'pow' }
const COMPARED = new Set(['==', '~=', '<', '<=', '>', '>='])

type AnyCall = Extract<Expression, { type: 'CallExpression' | 'StringCallExpression' | 'TableCallExpression' }>

type FunctionCode = (declared: FunctionDeclaration) => string

export class Expressions {
  readonly #scope: Scope
  readonly #isInParens: (of: Expression) => boolean
  readonly #function: FunctionCode

  constructor(scope: Scope, isInParens: (of: Expression) => boolean, functionCode: FunctionCode) {
    this.#scope = scope
    this.#isInParens = isInParens
    this.#function = functionCode
  }

  /** Whether it may be several values. In parentheses it is one. */
  isMulti(of: Expression): boolean {
    return (isCall(of) || of.type === 'VarargLiteral') && !this.#isInParens(of)
  }

  value(of: Expression): string {
    switch (of.type) {
      case 'NilLiteral':
        return 'undefined'
      case 'BooleanLiteral':
        return String(of.value)
      case 'NumericLiteral':
        return of.value < 0 ? `(${of.value})` : String(of.value)
      case 'StringLiteral':
        return JSON.stringify(of.value)
      case 'VarargLiteral':
        return 'va[0]'
      case 'Identifier':
        return this.#scope.find(of.name) ?? this.#global(of.name)
      case 'MemberExpression': {
        const path = this.#knownPath(of)
        if (path !== undefined) return this.#scope.global(path)
        return `O.index(${this.value(of.base)}, ${JSON.stringify(of.identifier.name)})`
      }
      case 'IndexExpression':
        return `O.index(${this.value(of.base)}, ${this.value(of.index)})`
      case 'CallExpression':
      case 'StringCallExpression':
      case 'TableCallExpression':
        return `O.first(${this.call(of)})`
      case 'FunctionDeclaration':
        return this.#function(of)
      case 'TableConstructorExpression':
        return this.#table(of)
      case 'UnaryExpression':
        return this.#unary(of.operator, of.argument)
      case 'BinaryExpression':
        return this.#binary(of.operator, this.value(of.left), this.value(of.right))
      case 'LogicalExpression': {
        const kept = this.#scope.temporary()
        const isTrue = `((${kept} = ${this.value(of.left)}) !== undefined && ${kept} !== false)`
        const right = this.value(of.right)
        return of.operator === 'and' ? `(${isTrue} ? ${right} : ${kept})` : `(${isTrue} ? ${kept} : ${right})`
      }
    }
  }

  /** Whether it is true, as JavaScript. */
  test(of: Expression): string {
    if (of.type === 'LogicalExpression')
      return `(${this.test(of.left)} ${of.operator === 'and' ? '&&' : '||'} ${this.test(of.right)})`
    if (of.type === 'UnaryExpression' && of.operator === 'not') return `!${this.test(of.argument)}`
    if (of.type === 'BinaryExpression' && COMPARED.has(of.operator)) return this.value(of)
    if (of.type === 'BooleanLiteral') return String(of.value)
    const kept = this.#scope.temporary()
    return `((${kept} = ${this.value(of)}) !== undefined && ${kept} !== false)`
  }

  /** Several expressions by commas; the last spreads if it may be several values. */
  list(of: readonly Expression[]): string {
    const codes = of.map((each, at) =>
      at === of.length - 1 && this.isMulti(each) ? `...${this.all(each)}` : this.value(each),
    )
    return codes.join(', ')
  }

  /** All the values of an expression, as an array. */
  all(of: Expression): string {
    if (of.type === 'VarargLiteral') return 'va'
    return isCall(of) ? `O.all(${this.call(of)})` : `[${this.value(of)}]`
  }

  /** A call, or `...`, as a function of Lua returns it: one value as itself. */
  several(of: Expression): string {
    return isCall(of) ? this.call(of) : 'va'
  }

  /** A call with all that it returns. */
  call(of: AnyCall): string {
    const args = argumentsOf(of)
    if (of.base.type === 'MemberExpression' && of.base.indexer === ':') {
      const self = this.#scope.temporary()
      const name = of.base.identifier.name
      const method = `O.index(${self} = ${this.value(of.base.base)}, ${JSON.stringify(name)})`
      return `O.callable(${method}, ${JSON.stringify(name)})(${[self, this.list(args)].filter(Boolean).join(', ')})`
    }
    const callee = this.value(of.base)
    // What Redis has of functions does not change: it need not be checked.
    if (this.#knownPath(of.base) !== undefined) return `${callee}(${this.list(args)})`
    return `O.callable(${callee}, ${JSON.stringify(nameOf(of.base))})(${this.list(args)})`
  }

  #global(name: string): string {
    if (KNOWN.has(name)) return this.#scope.global(name)
    if (MISSING.has(name)) throw new RangeError(`the model has no '${name}' of Redis' Lua`)
    return `O.fail("Script attempted to access nonexistent global variable '${name}'")`
  }

  /** The path of a global that Redis has: `string.sub`. */
  #knownPath(of: Expression): string | undefined {
    const name = nameOf(of)
    return KNOWN.has(name) && !this.#scope.find(name.split('.')[0] ?? '') ? name : undefined
  }

  #unary(operator: string, of: Expression): string {
    if (operator === 'not') return `!${this.test(of)}`
    return `O.${operator === '-' ? 'neg' : 'length'}(${this.value(of)})`
  }

  #binary(operator: string, left: string, right: string): string {
    const arithmetic = ARITHMETIC[operator]
    if (arithmetic) return `O.${arithmetic}(${left}, ${right})`
    switch (operator) {
      case '==':
        return `(${left} === ${right})`
      case '~=':
        return `(${left} !== ${right})`
      case '<':
        return `O.less(${left}, ${right})`
      case '<=':
        return `O.lessEqual(${left}, ${right})`
      // Evaluated in the order of the text all the same.
      case '>':
        return `O.more(${left}, ${right})`
      case '>=':
        return `O.moreEqual(${left}, ${right})`
      case '..':
        return `O.concat(${left}, ${right})`
    }
    throw new Error(`expected an operator of Lua 5.1, got ${operator}`)
  }

  #table({ fields }: TableConstructorExpression): string {
    const listed = fields.flatMap((field) => (field.type === 'TableValue' ? [field.value] : []))
    const pairs = fields.flatMap((field) => {
      if (field.type === 'TableKeyString') return [JSON.stringify(field.key.name), this.value(field.value)]
      return field.type === 'TableKey' ? [this.value(field.key), this.value(field.value)] : []
    })
    return `O.table([${this.list(listed)}], [${pairs.join(', ')}])`
  }
}

function isCall(of: Expression): of is AnyCall {
  return of.type === 'CallExpression' || of.type === 'StringCallExpression' || of.type === 'TableCallExpression'
}

function argumentsOf(call: AnyCall): readonly Expression[] {
  if (call.type === 'CallExpression') return (call as CallExpression).arguments
  return [call.type === 'StringCallExpression' ? (call.argument as StringLiteral) : call.arguments]
}

/** `f`, or `string.sub`; `?`: it has no name. */
function nameOf(of: Expression): string {
  if (of.type === 'Identifier') return of.name
  if (of.type !== 'MemberExpression' || of.indexer === ':' || of.base.type !== 'Identifier') return '?'
  return `${of.base.name}.${of.identifier.name}`
}
