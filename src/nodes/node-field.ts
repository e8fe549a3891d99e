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
export function saidText({ address, protocol, configHash, version, isDraining, hears }: Said): string {
  return JSON.stringify([address, protocol, configHash, version, isDraining, hears])
}

/** A field that cannot be read is of a node that lives, and that this one cannot reach. */
export function readField(id: NodeId, field: string): NodeField {
  const [, counter = '', startedMs = '0', said = ''] = /^(\d+) (\d+) (.*)$/s.exec(field) ?? []
  const [address, protocol, configHash, version, isDraining, hears] = listOf(said)
  const entry = {
    id,
    startedMs: Number(startedMs),
    address: textOf(address),
    protocol: typeof protocol === 'number' ? protocol : 0,
    configHash: textOf(configHash),
    version: textOf(version),
    isDraining: isDraining === true,
    hears: hears === true,
  }
  return { entry, counter: counter === '' ? field : counter }
}

function listOf(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
