/**
 * Copies one room into a database: as it is at one moment, while commits go on. Its state comes in one answer, its events
 * and ids in pages after that, without those that came later. `backups.ts` calls it for each room.
 */
import type { CopyingRoom } from './copying-room.ts'
import { copyForgotten, copyIds } from './id-copy.ts'
import { idParts } from './id-hashes.ts'
import { list, pairs, text } from './reply.ts'
import { copyEvents, copyRoom } from './scripts/copy.ts'
import { epochEntry, storedEvent } from './stored-room.ts'
import { storedValue } from './stored-value.ts'

/** Events of one page, so that commits come in between. */
const PAGE = { count: 500, bytes: 256 * 1024 }

/** What the copy has up to. */
interface Span {
  readonly epoch: string
  readonly first: number
  readonly seq: number
}

/** A room of which nothing was ever kept is left out. */
export async function copyOf(room: CopyingRoom): Promise<void> {
  const { calls, copy, key, path } = room
  const [fields, epochs, storage, alarms, producers, heard, parts, newest] = list(
    await calls.run(copyRoom, key, [path]),
  )
  const [epoch = '', s, f, maxAge, forgetAfter, used] = list(fields).map((field) => text(field))
  if (epoch === '') return
  const span = { epoch, first: Number(f || 1), seq: Number(s || 0) }
  const values = pairs(storage)
  const times = new Map(pairs(heard).map(([producer, at]) => [producer.toString(), Number(at)]))
  await copy.write(
    {
      kind: 'room',
      room: room.room,
      path,
      seq: span.seq,
      maxAgeMs: Number(maxAge || 0),
      forgetAfterMs: forgetAfter ? Number(forgetAfter) : undefined,
      usedMs: Number(used || 0),
      epochs: list(epochs).map((entry) => epochEntry(text(entry))),
      storage: new Map(values.map(([name, value]) => [name.toString(), storedValue(value)])),
      alarms: new Map(pairs(alarms).map(([name, at]) => [name.toString(), Number(at)])),
      producers: pairs(producers).map(([producer, state]) => ({
        ...producerOf(producer.toString(), state.toString()),
        timeMs: times.get(producer.toString()) ?? Number(used || 0),
      })),
    },
    {
      rows: 2 + values.length + list(producers).length,
      bytes: values.reduce((sum, [name, value]) => sum + name.length + value.length, 0),
    },
  )
  await copyIds(room, idParts(text(parts)), span.seq, list(newest))
  await copyForgotten(room)
  await copySpan(room, span)
}

/** The newest first: what is removed meanwhile is at the other end. */
async function copySpan({ calls, copy, key, path, room }: CopyingRoom, { epoch, first, seq }: Span): Promise<void> {
  for (let before = seq + 1; before > first; ) {
    const page = list(await calls.run(copyEvents, key, [path, epoch, before, first, PAGE.count, PAGE.bytes]))
    const events = page.map(storedEvent)
    const oldest = events.at(-1)
    if (!oldest) return
    const bytes = events.reduce((sum, { type, data }) => sum + type.length + data.length + 50, 0)
    await copy.write({ kind: 'events', room, events }, { rows: events.length, bytes })
    before = oldest.seq
  }
}

function producerOf(producer: string, state: string): { producer: string; epoch: number; seq: number } {
  const [epoch, seq] = state.split(' ')
  return { producer, epoch: Number(epoch), seq: Number(seq) }
}
