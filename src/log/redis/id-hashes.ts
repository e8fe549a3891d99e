/**
 * The hashes in which a room's ids are packed, as `scripts/room-keys.ts` names them, some at a time. While they are read
 * there may be more of them, and a field moves only to a later one, so whoever reads on to the last has read all.
 * `id-copy.ts` reads them.
 */
import type { CopyingRoom } from './copying-room.ts'
import type { Reply } from './redis-calls.ts'
import { list, text } from './reply.ts'
import { copyHashes } from './scripts/copy.ts'

/** Hashes of one page, of some 50 fields each. */
const PAGE = 50

/** Ids that are forgotten together. */
export interface IdPart {
  readonly part: string
  /** Of its newest id, ms since 1970. */
  readonly lastMs: number
  /** How many hashes there are. */
  readonly ids: number
  readonly clients: number
}

export function idParts(text: string): IdPart[] {
  return text
    .split(';')
    .filter((each) => each !== '')
    .map((each) => {
      const [part = '', , last, ids, , clients] = each.split(' ')
      return { part, lastMs: Number(last), ids: Number(ids), clients: Number(clients) }
    })
}

/** Of the ids of a part, or of their clients; none if the part is forgotten. */
export function hashesOfPart(
  room: CopyingRoom,
  kind: 'ids' | 'clients',
  part: string,
): AsyncGenerator<readonly Reply[]> {
  return pagesOf(room, `${kind === 'ids' ? 'i' : 'c'}${part}.`, async () => {
    const parts = await room.calls.command('GET', `${room.key}q${room.path}`)
    const found = parts === null ? undefined : idParts(text(parts)).find((each) => each.part === part)
    return found?.[kind] ?? 0
  })
}

/** Of the clients whose ids are forgotten. */
export function forgottenHashes(room: CopyingRoom): AsyncGenerator<readonly Reply[]> {
  return pagesOf(room, 'f', async () => {
    const hashes = await room.calls.command('HGET', `${room.key}m${room.path}`, 'fh')
    return hashes === null ? 0 : Number(text(hashes))
  })
}

async function* pagesOf(
  { calls, key, path }: CopyingRoom,
  name: string,
  count: () => Promise<number>,
): AsyncGenerator<readonly Reply[]> {
  let end = await count()
  for (let at = 0; at < end; at += PAGE) {
    const names = Array.from({ length: Math.min(PAGE, end - at) }, (_, each) => `${name}${at + each}`)
    yield list(await calls.run(copyHashes, key, [path, ...names]))
    if (at + PAGE >= end) end = await count()
  }
}
