/**
 * How mistakes are planted in the code, the scripts and the messages of a simulation, and whether it finds them: one that
 * does not is worth nothing. `mistakes.ts` and `node-mistakes.ts` have the mistakes.
 */
import { beat } from '../../src/log/redis/scripts/beat.ts'
import { claim } from '../../src/log/redis/scripts/claim.ts'
import { commit } from '../../src/log/redis/scripts/commit.ts'
import { give } from '../../src/log/redis/scripts/give.ts'
import { note } from '../../src/log/redis/scripts/note.ts'
import { open } from '../../src/log/redis/scripts/open.ts'
import { clients, recall } from '../../src/log/redis/scripts/recall.ts'
import type { Script } from '../../src/log/redis/scripts/script.ts'
import { settle } from '../../src/log/redis/scripts/settle.ts'
import { CompiledScripts } from '../support/redis-model/script.ts'
import { type Setting, simulate } from './simulation.ts'

/** What is planted. `plant` returns what takes it out again. */
export interface Mistake extends Pick<Setting, 'altered' | 'spoken' | 'forged' | 'kinds'> {
  readonly plant?: () => () => void
  /** The first seed that is tried: one that found it when it was planted. */
  readonly seed?: number
}

/** Of so many seeds one finds a mistake, each in so many steps. */
const SEEDS = 40
const STEPS = 15_000

/** What the simulation says of a mistake; nothing: it does not find it. */
export async function found(
  { plant, seed: first = 1, ...mistake }: Mistake,
  machines: number,
): Promise<readonly string[]> {
  const compiled = new CompiledScripts()
  if (mistake.altered) mustAlter(mistake.altered)
  const takeOut = plant?.()
  try {
    for (let seed = first; seed < first + SEEDS; seed += 1) {
      const { broken } = await simulate(seed, STEPS, { compiled, machines, ...mistake })
      if (broken.length > 0) return broken
    }
    return []
  } finally {
    takeOut?.()
  }
}

/** The scripts in which mistakes are planted. */
const SCRIPTS = [beat, claim, clients, commit, give, note, open, recall, settle]

/** Throws if it alters none of the scripts, or cannot alter one. */
function mustAlter(altered: (script: Script) => Script): void {
  if (SCRIPTS.every((script) => altered(script).text === script.text))
    throw new Error('expected a script to be altered, none was')
}

type Change = readonly [from: string, to: string]

/** Alters a script by name: each text is replaced where it stands. Throws if it does not. */
export function alter(name: string, ...changes: readonly Change[]): (script: Script) => Script {
  return (script) => (script.name === name ? changed(script, changes) : script)
}

/** Alters all scripts in which the text stands. */
export function alterAll(...change: Change): (script: Script) => Script {
  return (script) => (script.text.includes(change[0]) ? changed(script, [change]) : script)
}

function changed({ name, text: before }: Script, changes: readonly Change[]): Script {
  let text = before
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`expected the script ${name} to have "${from}", which is altered`)
    text = text.replace(from, to)
  }
  return { name, text }
}

/** Puts something else in the place of a method or a getter of a class. */
export function replace<T extends object>(
  kind: { readonly prototype: T },
  name: keyof T,
  by: PropertyDescriptor,
): () => void {
  const { prototype } = kind
  const before = Object.getOwnPropertyDescriptor(prototype, name)
  if (!before) throw new Error(`expected ${String(name)} to be there, to be replaced`)
  Object.defineProperty(prototype, name, { ...before, ...by })
  return () => void Object.defineProperty(prototype, name, before)
}

/** Takes several out. */
export function all(...planted: readonly (() => void)[]): () => void {
  return () => {
    for (const takeOut of planted) takeOut()
  }
}
