/** A node as Redis keeps it: what it says of itself, as a text. `beats.ts` writes its own and reads those of others. */
import type { NodeId } from './link-message.ts'
import type { NodeEntry } from './roster.ts'

export type Said = Omit<NodeEntry, 'id' | 'startedMs'>

export interface NodeField {
  readonly entry: NodeEntry
  /** Raised with each beat. */
  readonly counter: string
}

/** The part of the field that a node writes itself. */
export function saidText(said: Said): string {
  const { address, protocol, configHash, modulesHash, version, isDraining, hears, cannotReach, knowsTime } = said
  return JSON.stringify([
    address,
    protocol,
    configHash,
    modulesHash,
    version,
    isDraining,
    hears,
    cannotReach,
    knowsTime,
  ])
}

/** A field that cannot be read is of a node that lives, and that this one cannot reach. */
export function readField(id: NodeId, field: string): NodeField {
  const [, counter = '', startedMs = '0', said = ''] = /^(\d+) (\d+) (.*)$/s.exec(field) ?? []
  const [address, protocol, configHash, modulesHash, version, isDraining, hears, cannotReach, knowsTime] = listOf(
    parsed(said),
  )
  const entry = {
    id,
    startedMs: Number(startedMs),
    address: textOf(address),
    protocol: typeof protocol === 'number' ? protocol : 0,
    configHash: textOf(configHash),
    modulesHash: textOf(modulesHash),
    version: textOf(version),
    isDraining: isDraining === true,
    hears: hears === true,
    cannotReach: listOf(cannotReach).map(textOf),
    knowsTime: knowsTime === true,
  }
  return { entry, counter: counter === '' ? field : counter }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
