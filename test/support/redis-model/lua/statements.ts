/** Statements of Lua as JavaScript; `compiler.ts` makes a function of them. */
import type {
  Expression,
  ForGenericStatement,
  ForNumericStatement,
  FunctionDeclaration,
  Identifier,
  Statement,
} from 'luaparse'
import { Expressions } from './expressions.ts'
import type { Scope } from './scope.ts'

type Target = Extract<Expression, { type: 'Identifier' | 'MemberExpression' | 'IndexExpression' }>

export class Statements {
  readonly #scope: Scope
  readonly #expressions: Expressions

  constructor(scope: Scope, isInParens: (of: Expression) => boolean) {
    this.#scope = scope
    this.#expressions = new Expressions(scope, isInParens, (declared) => this.#function(declared))
  }

  /** The body of a function, in braces. Without a `return` it returns no value. */
  body(of: readonly Statement[]): string {
    return `{\n${this.#scope.body(() => this.#list(of))}\nreturn O.none\n}`
  }

  #block(of: readonly Statement[]): string {
    return this.#scope.block(() => `{\n${this.#list(of)}\n}`)
  }

  #list(of: readonly Statement[]): string {
    return of.map((each) => this.#statement(each)).join('\n')
  }

  #statement(of: Statement): string {
    const expressions = this.#expressions
    switch (of.type) {
      case 'LocalStatement':
        return this.#local(of.variables, of.init)
      case 'AssignmentStatement':
        return this.#assignment(of.variables as Target[], of.init)
      case 'CallStatement':
        return `${expressions.call(of.expression)};`
      case 'DoStatement':
        return this.#block(of.body)
      case 'IfStatement':
        return of.clauses
          .map((clause) => {
            if (clause.type === 'ElseClause') return this.#block(clause.body)
            return `if (${expressions.test(clause.condition)}) ${this.#block(clause.body)}`
          })
          .join(' else ')
      case 'WhileStatement':
        return `while (${expressions.test(of.condition)}) ${this.#block(of.body)}`
      case 'RepeatStatement':
        // The condition reads the locals of the body.
        return this.#scope.block(
          () => `while (true) {\n${this.#list(of.body)}\nif (${expressions.test(of.condition)}) break\n}`,
        )
      case 'ForNumericStatement':
        return this.#counting(of)
      case 'ForGenericStatement':
        return this.#iterating(of)
      case 'FunctionDeclaration':
        return this.#named(of)
      case 'ReturnStatement':
        return `return ${this.#returned(of.arguments)};`
      case 'BreakStatement':
        return 'break;'
    }
    throw new SyntaxError(`expected a statement of Lua 5.1, got a ${of.type}`)
  }

  #local(variables: readonly Identifier[], init: readonly Expression[]): string {
    const values = this.#values(variables.length, init)
    // Declared after what they are set to was compiled: it may name an outer variable.
    const names = variables.map(({ name }) => this.#scope.declare(name))
    return `${values.before}let ${names.map((name, at) => `${name} = ${values.codes[at]}`).join(', ')};${values.after}`
  }

  #assignment(targets: readonly Target[], init: readonly Expression[]): string {
    const [target] = targets
    if (targets.length === 1 && target && init.length === 1 && init[0])
      return this.#set(target, this.#expressions.value(init[0]))
    // All is evaluated before anything is set: what is assigned to first, then the values.
    const places = targets.map((each) => this.#place(each))
    const { before, codes, after } = this.#values(targets.length, init)
    const values = codes.map((code) => this.#keep(code))
    const sets = places.map(({ set }, at) => set(values[at]?.name ?? 'undefined'))
    return [...places.map(({ code }) => code), before, ...values.map(({ code }) => code), after, ...sets].join('\n')
  }

  /** A variable with the value of a code. */
  #keep(code: string): { readonly name: string; readonly code: string } {
    const name = this.#scope.temporary()
    return { name, code: `${name} = ${code};` }
  }

  /** Where a value is assigned to, evaluated before. */
  #place(target: Target): { readonly code: string; readonly set: (value: string) => string } {
    if (target.type === 'Identifier') return { code: '', set: (value) => this.#set(target, value) }
    const base = this.#keep(this.#expressions.value(target.base))
    const key = this.#keep(this.#keyOf(target))
    return { code: base.code + key.code, set: (value) => `O.assign(${base.name}, ${key.name}, ${value});` }
  }

  /** The codes of `count` values out of a list of expressions; those beyond it are evaluated before, or after. */
  #values(count: number, init: readonly Expression[]): { before: string; codes: string[]; after: string } {
    const last = init.at(-1)
    const singles = last && this.#expressions.isMulti(last) && init.length <= count ? init.slice(0, -1) : init
    const codes = singles.slice(0, count).map((each) => this.#expressions.value(each))
    const after = singles.slice(count).map((each) => `${this.#expressions.value(each)};`)
    let before = ''
    if (last && singles.length < init.length) {
      // What stands before the last is evaluated before it.
      const kept = codes.map((code) => {
        const name = this.#scope.temporary()
        before += `${name} = ${code};\n`
        return name
      })
      const all = this.#scope.temporary()
      before += `${all} = ${this.#expressions.all(last)};\n`
      codes.splice(0, codes.length, ...kept)
      for (let at = 0; codes.length < count; at += 1) codes.push(`${all}[${at}]`)
    }
    while (codes.length < count) codes.push('undefined')
    return { before, codes, after: after.join('\n') }
  }

  #set(target: Target, value: string): string {
    if (target.type === 'Identifier') {
      const local = this.#scope.find(target.name)
      return local ? `${local} = ${value};` : `O.fail('Attempt to modify a readonly table (global ${target.name})');`
    }
    return `O.assign(${this.#expressions.value(target.base)}, ${this.#keyOf(target)}, ${value});`
  }

  #keyOf(target: Exclude<Target, Identifier>): string {
    return target.type === 'IndexExpression'
      ? this.#expressions.value(target.index)
      : JSON.stringify(target.identifier.name)
  }

  #counting({ variable, start, end, step, body }: ForNumericStatement): string {
    const [from, to, by] = [start, end, step].map((each) => (each ? this.#expressions.value(each) : '1'))
    const [at, limit, stride] = [this.#scope.temporary(), this.#scope.temporary(), this.#scope.temporary()]
    return this.#scope.block(() => {
      const name = this.#scope.declare(variable.name)
      const begin = `${at} = O.bound(${from}, 'initial value'), ${limit} = O.bound(${to}, 'limit')`
      const goesOn = step ? `${stride} > 0 ? ${at} <= ${limit} : ${at} >= ${limit}` : `${at} <= ${limit}`
      const head = `for (${begin}, ${stride} = O.bound(${by}, 'step'); ${goesOn}; ${at} += ${stride})`
      return `${head} {\nlet ${name} = ${at};\n${this.#list(body)}\n}`
    })
  }

  #iterating({ variables, iterators, body }: ForGenericStatement): string {
    const { before, codes } = this.#values(3, iterators)
    const [next, state, control, results] = [1, 2, 3, 4].map(() => this.#scope.temporary())
    return this.#scope.block(() => {
      const names = variables.map(({ name }) => this.#scope.declare(name))
      const declared = names.map((name, at) => `${name} = ${results}[${at}]`).join(', ')
      const step = `${results} = O.all(O.callable(${next}, 'for iterator')(${state}, ${control}))`
      const begin = `${before}${next} = ${codes[0]}; ${state} = ${codes[1]}; ${control} = ${codes[2]};`
      return `${begin}\nwhile (true) {\n${step};\nif ((${control} = ${results}[0]) === undefined) break\nlet ${declared};\n${this.#list(body)}\n}`
    })
  }

  #named(declared: FunctionDeclaration): string {
    const { identifier } = declared
    if (!identifier) throw new SyntaxError('expected a function with a name')
    if (!declared.isLocal) return this.#set(identifier, this.#function(declared))
    if (identifier.type !== 'Identifier') throw new SyntaxError('expected a local function with a plain name')
    // It may call itself.
    const name = this.#scope.declare(identifier.name)
    return `let ${name} = ${this.#function(declared)};`
  }

  #function({ parameters, body }: FunctionDeclaration): string {
    return this.#scope.block(() => {
      const names = parameters.map((each) => (each.type === 'VarargLiteral' ? '...va' : this.#scope.declare(each.name)))
      return `((${names.join(', ')}) => ${this.body(body)})`
    })
  }

  #returned(of: readonly Expression[]): string {
    const [only] = of
    if (!only) return 'O.none'
    if (of.length > 1) return `[${this.#expressions.list(of)}]`
    return this.#expressions.isMulti(only) ? this.#expressions.several(only) : this.#expressions.value(only)
  }
}
