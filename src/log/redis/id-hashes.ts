/** Names of the hashes in which a room's ids are packed, as `scripts/room-keys.ts` gives them. `room-copy.ts` reads them. */

/** Ids that are forgotten together. */
export interface IdPart {
  readonly part: string
  /** Of its newest id, ms since 1970. */
  readonly lastMs: number
  /** The newest generations of ids and of clients. */
  readonly generation: number
  readonly clientGeneration: number
}

export function idParts(text: string): IdPart[] {
  return text
    .split(';')
    .filter((each) => each !== '')
    .map((each) => {
      const [part = '', , last, generation, , , clientGeneration] = each.split(' ')
      return { part, lastMs: Number(last), generation: Number(generation), clientGeneration: Number(clientGeneration) }
    })
}

/** The hashes of one kind, in which there are generations up to this one; -1: none. */
export function hashNames(kind: 'i' | 'c' | 'f', part: string, generation: number): string[] {
  return Array.from({ length: generation + 1 }, (_, g) =>
    Array.from({ length: 4 ** g }, (_, each) => `${kind}${part}.${g}.${each}`),
  ).flat()
}
