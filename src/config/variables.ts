/**
 * Environment variables in `rooms.json`: `"${NAME}"` in a text is the value of NAME, `$${` a plain `${`. `config.ts`
 * replaces them before it checks the file, and hides their values in messages.
 */

export type Variables = Readonly<Record<string, string | undefined>>

const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
/** A shorter value is no secret, and replacing it would damage other words. */
const MIN_HIDDEN = 4

export class Filled {
  /** The file's content with every reference replaced. */
  readonly value: unknown
  /** One line for each reference without a value, with its place. */
  readonly mistakes: string[] = []
  readonly #variables: Variables
  readonly #used = new Map<string, string>()

  /** An empty variable counts as not set. */
  constructor(value: unknown, variables: Variables) {
    this.#variables = variables
    this.value = this.#fill(value, [])
  }

  /** The line with the names of variables in place of their values, also of truncated values. */
  hide(line: string): string {
    const values = [...this.#used]
      .flatMap(([value, name]) =>
        [value, JSON.stringify(value).slice(1, -1)].map((spelling) => [spelling, name] as const),
      )
      .filter(([value]) => value.length >= MIN_HIDDEN)
      .sort(([a], [b]) => b.length - a.length)
    const hidden = values.reduce(
      (text, [value, name]) => withoutStart(text.replaceAll(value, placeholder(name)), value, name),
      line,
    )
    return hidden.replaceAll(/\0(\w+)\0/g, (_, name) => `\${${name}}`)
  }

  #fill(value: unknown, path: readonly string[]): unknown {
    if (typeof value === 'string') return value.replace(REFERENCE, (...found) => this.#read(found, path))
    if (Array.isArray(value)) return value.map((item, at) => this.#fill(item, [...path, String(at)]))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, this.#fill(inner, [...path, key])]))
  }

  #read([whole, name, close]: unknown[], path: readonly string[]): string {
    if (typeof name !== 'string') return '${'
    const plain = 'write "$${" where "${" is meant as it stands'
    if (close !== '}' || !NAME.test(name)) {
      this.mistakes.push(
        `${path.join('.')}: expected the name of an environment variable in "\${NAME}", got ${JSON.stringify(whole)}; ${plain}`,
      )
      return ''
    }
    const value = Object.hasOwn(this.#variables, name) ? this.#variables[name] : undefined
    if (value === undefined || value === '') {
      this.mistakes.push(
        `${path.join('.')}: expected the environment variable ${name}, which is not set; set it, or ${plain}`,
      )
      return ''
    }
    this.#used.set(value, name)
    return value
  }
}

/** Replaces a value until all are replaced; it contains no value. */
function placeholder(name: string): string {
  return `\0${name}\0`
}

/** A message truncates a long text with "…"; the rest of the value must be hidden too. */
function withoutStart(text: string, value: string, name: string): string {
  for (let length = value.length - 1; length >= MIN_HIDDEN && text.includes('…'); length--)
    if (text.includes(`${value.slice(0, length)}…`))
      return text.replaceAll(`${value.slice(0, length)}…`, `${placeholder(name)}…`)
  return text
}
