/** All cases, in Autobahn's order: 246 of the categories 1 to 7, and 10.1.1, the last of those that need no load. */
import type { Case } from './case.ts'
import { closings } from './closing.ts'
import { fragments } from './fragments.ts'
import { framing } from './framing.ts'
import { utf8 } from './utf8.ts'

export const CASES: readonly Case[] = [...framing, ...fragments, ...utf8, ...closings].sort((a, b) => order(a, b))

function order(a: Case, b: Case): number {
  const [left, right] = [a, b].map(({ id }) => id.split('.').map(Number)) as [number[], number[]]
  const differing = left.findIndex((number, index) => number !== right[index])
  return (left[differing] ?? 0) - (right[differing] ?? 0)
}
