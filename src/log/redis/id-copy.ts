/**
 * Copies the ids of a room, some hashes at a time. An id that came after the room was read belongs to an event that is not
 * in the copy, and is left out; one without an event may come too much, which loses a message that a restore loses
 * anyway, and doubles none. `room-copy.ts` calls it.
 */
import { REMEMBER_MS } from '../log.ts'
import type { DigestedClient, DigestedId } from '../sqlite/digested-ids.ts'
import type { CopyingRoom } from './copying-room.ts'
import { forgottenHashes, hashesOfPart, type IdPart } from './id-hashes.ts'
import { storedAnswer } from './id-value.ts'
import type { Reply } from './redis-calls.ts'
import { list, pairs, text } from './reply.ts'

/** Fields of one page of errors. */
const ERRORS = 500

/** `seq`: of the newest event in the copy. `newest`: the hashes of the last part, if they were read with the room. */
export async function copyIds(
  room: CopyingRoom,
  parts: readonly IdPart[],
  seq: number,
  newest: readonly Reply[],
): Promise<void> {
  for (const [index, part] of parts.entries()) {
    const isRead = index === parts.length - 1 && newest.length > 0
    const errors = await errorsOf(room, part)
    const keep = async (ids: readonly Reply[], clients: readonly Reply[]) => {
      const copied = {
        ids: ids.flatMap((hash) => idsOf(hash, errors)).filter((id) => id.seq === undefined || id.seq <= seq),
        clients: clients.flatMap((hash) => clientsOf(hash, part.lastMs)),
      }
      const rows = copied.ids.length + copied.clients.length
      await room.copy.write(
        { kind: 'ids', room: room.room, timeMs: part.lastMs, ...copied },
        { rows, bytes: 100 * rows },
      )
    }
    if (isRead) await keep(newest, [])
    if (!isRead) for await (const hashes of hashesOfPart(room, 'ids', part.part)) await keep(hashes, [])
    for await (const hashes of hashesOfPart(room, 'clients', part.part)) await keep([], hashes)
  }
}

/** After the ids: those of a part that is forgotten meanwhile stand here. */
export async function copyForgotten(room: CopyingRoom): Promise<void> {
  for await (const hashes of forgottenHashes(room)) {
    const clients = hashes.flatMap((hash) => clientsOf(hash, Number.POSITIVE_INFINITY))
    await room.copy.write(
      { kind: 'forgotten', room: room.room, clients },
      { rows: clients.length, bytes: 100 * clients.length },
    )
  }
}

/** The errors kept under ids of a part, by their digests in hex. */
async function errorsOf({ calls, key, path }: CopyingRoom, { part }: IdPart): Promise<ReadonlyMap<string, Buffer>> {
  const errors = new Map<string, Buffer>()
  let cursor = '0'
  do {
    const [next, some] = list(await calls.command('HSCAN', `${key}x${part}${path}`, cursor, 'COUNT', ERRORS))
    for (const [digest, error] of pairs(some)) errors.set(digest.toString('hex'), error)
    cursor = text(next)
  } while (cursor !== '0')
  return errors
}

function idsOf(hash: Reply, errors: ReadonlyMap<string, Buffer>): DigestedId[] {
  return pairs(hash).map(([bytes, value]) => {
    const digest = bytes.toString('hex')
    const { hash, seq, error } = storedAnswer(value, errors.get(digest) ?? Buffer.alloc(0))
    return { digest, hash, seq, error: error && JSON.stringify(error) }
  })
}

/** Those whose latest time is known, and can be right. */
function clientsOf(hash: Reply, answeredMs: number): DigestedClient[] {
  return pairs(hash)
    .map(([digest, doubled]) => ({ digest: digest.toString('hex'), latestMs: Math.floor(Number(doubled) / 2) }))
    .filter(({ latestMs }) => latestMs > 0 && latestMs <= answeredMs + REMEMBER_MS)
}
