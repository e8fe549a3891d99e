/**
 * The names of a script while it is compiled: each local of Lua becomes a JavaScript variable of its own, so that a
 * shadowing `local a = a` reads the outer one. Globals that Redis has are bound once, before the script runs.
 */
export class Scope {
  readonly #blocks: Map<string, string>[] = [new Map()]
  /** The temporary variables of each function that is being compiled, innermost last. */
  readonly #temporary: string[][] = [[]]
  readonly #globals: Map<string, string>
  #made = 0

  constructor() {
    this.#globals = new Map()
  }

  /** Compiles in a block of its own. */
  block<T>(compile: () => T): T {
    this.#blocks.push(new Map())
    const made = compile()
    this.#blocks.pop()
    return made
  }

  /** Compiles the body of a function; its temporary variables are declared before it. */
  body(compile: () => string): string {
    this.#temporary.push([])
    const code = this.block(compile)
    const names = this.#temporary.pop() ?? []
    return names.length > 0 ? `let ${names.join(', ')};\n${code}` : code
  }

  /** A new local of the innermost block: its JavaScript name. */
  declare(name: string): string {
    const made = this.#name(name)
    this.#blocks.at(-1)?.set(name, made)
    return made
  }

  /** A variable that nothing else uses. */
  temporary(): string {
    const made = this.#name('t')
    this.#temporary.at(-1)?.push(made)
    return made
  }

  /** The JavaScript name of a local; `undefined`: it is a global. */
  find(name: string): string | undefined {
    for (const block of this.#blocks.toReversed()) {
      const found = block.get(name)
      if (found) return found
    }
    return undefined
  }

  /** The JavaScript name under which a global is bound: `redis`, or a part of it: `redis.call`. */
  global(path: string): string {
    const bound = this.#globals.get(path) ?? `${path.replace('.', '_')}$g`
    this.#globals.set(path, bound)
    return bound
  }

  /** What binds the globals that the script reads. */
  bindings(): string {
    return [...this.#globals].map(([path, name]) => `const ${name} = G(${JSON.stringify(path)});\n`).join('')
  }

  #name(name: string): string {
    this.#made += 1
    return `${name}$${this.#made}`
  }
}
