/**
 * Which expressions stand in parentheses, which make one value of several: the parser does not say, so the text is read.
 * Only the last of a list matters.
 */
import type { Expression, Node } from 'luaparse'

export class Parentheses {
  readonly #text: string
  readonly #found = new WeakSet<object>()

  constructor(text: string) {
    this.#text = text
  }

  readonly has = (of: Expression): boolean => this.#found.has(of)

  /** Called with each node that the parser has made, a list before what it belongs to. */
  readonly note = (node: Node): void => {
    const last = lastOf(node)
    if (!last) return
    // A call's own parenthesis closes its list.
    const own = node.type === 'CallExpression' ? 1 : 0
    if (this.#closing(endOf(last), endOf(node)) > own) this.#found.add(last)
  }

  /** How many parentheses close right after a place. */
  #closing(from: number, to: number): number {
    const rest = this.#text.slice(from, to).replace(/--\[(=*)\[.*?\]\1\]|--[^\n]*/gs, ' ')
    return /^[\s)]*/.exec(rest)?.[0].replace(/\s/g, '').length ?? 0
  }
}

function lastOf(node: Node): Expression | undefined {
  switch (node.type) {
    case 'CallExpression':
    case 'ReturnStatement':
      return node.arguments.at(-1)
    case 'LocalStatement':
    case 'AssignmentStatement':
      return node.init.at(-1)
    case 'ForGenericStatement':
      return node.iterators.at(-1)
    case 'TableValue':
      return node.value
  }
  return undefined
}

function endOf(node: Node): number {
  return 'range' in node && Array.isArray(node.range) ? Number(node.range[1]) : 0
}
