/**
 * Random calls of the log's own scripts on a few rooms: mostly such as a server would make, that continue where the room
 * stands; some that are late, doubled or wrong.
 */
import { createHash } from 'node:crypto'
import { bucketKey } from '../../src/log/redis/keys.ts'
import { packed } from '../../src/log/redis/packed.ts'
import type { Argument } from '../../src/log/redis/redis-calls.ts'
import { claim } from '../../src/log/redis/scripts/claim.ts'
import { commit } from '../../src/log/redis/scripts/commit.ts'
import { copyEvents, copyHashes, copyRoom } from '../../src/log/redis/scripts/copy.ts'
import { drop } from '../../src/log/redis/scripts/drop.ts'
import { erase } from '../../src/log/redis/scripts/erase.ts'
import { give } from '../../src/log/redis/scripts/give.ts'
import { mend } from '../../src/log/redis/scripts/mend.ts'
import { open } from '../../src/log/redis/scripts/open.ts'
import { page } from '../../src/log/redis/scripts/page.ts'
import { clients, recall } from '../../src/log/redis/scripts/recall.ts'
import type { Script } from '../../src/log/redis/scripts/script.ts'
import { secret } from '../../src/log/redis/scripts/secret.ts'
import { settle } from '../../src/log/redis/scripts/settle.ts'
import { sweep } from '../../src/log/redis/scripts/sweep.ts'
import { trim } from '../../src/log/redis/scripts/trim.ts'
import { use } from '../../src/log/redis/scripts/use.ts'
import type { Dice } from '../support/random.ts'
import type { RedisModel } from '../support/redis-model/redis-model.ts'

export interface ScriptCall {
  readonly script: Script
  readonly key: string
  readonly args: readonly Argument[]
}

const PATHS = ['/a', '/rüm/b', '/a/{c}'] as const
const NODES = ['a', 'b'] as const
export const KINDS = ['m', 'e', 's', 'a', 'p', 'o', 'l', 'r', 'q', 'i1.0.0', 'c1.0.0', 'x1'] as const

/** A key of one of the rooms, to be evicted. */
export function roomKey(dice: Dice): string {
  const path = dice.pick(PATHS)
  return bucketKey(bucket(path)) + dice.pick(KINDS) + path
}

export class RandomScripts {
  readonly #dice: Dice
  readonly #model: RedisModel
  /** Calls that were made: they may come again. */
  readonly #made: ScriptCall[] = []

  constructor(dice: Dice, model: RedisModel) {
    this.#dice = dice
    this.#model = model
  }

  next(): ScriptCall {
    const dice = this.#dice
    if (this.#made.length > 0 && dice.oneIn(20)) return dice.pick(this.#made)
    const path = dice.pick(PATHS)
    const known = this.#room(path)
    // Now and then it is elsewhere than the caller thinks.
    const room = dice.oneIn(12) ? { ...known, epoch: this.#epoch() } : known
    const kinds: readonly (() => [Script, readonly Argument[]])[] = [
      ...Array.from({ length: 6 }, () => () => [commit, this.#commit(room)] as [Script, readonly Argument[]]),
      () => [
        settle,
        [path, room.epoch, Math.max(0, room.number - dice.below(2)), dice.pick([room.epoch, this.#epoch()])],
      ],
      () => [
        trim,
        [path, room.epoch, dice.pick([1, 60_000, 86_400_000]), 1 + dice.below(room.seq + 2), dice.pick(['', 1000])],
      ],
      () => [open, [path, dice.below(60), dice.pick([1, 500, 100_000])]],
      () => [
        page,
        [path, room.epoch, '', dice.below(room.seq + 1), room.seq, 1 + dice.below(150), dice.pick([1, 3000, 100_000])],
      ],
      () => [recall, [path, ...this.#several(4, () => this.#digest(12))]],
      () => [clients, [path, ...this.#several(4, () => this.#digest(8))]],
      () => [sweep, [dice.pick(['', ...PATHS])]],
      () => [use, [path, dice.pick(['', 1000])]],
      () => [
        claim,
        [
          path,
          dice.pick(NODES),
          room.epoch,
          room.number,
          ...dice.pick([
            ['', ''],
            [dice.below(9), room.number + 9],
          ]),
        ],
      ],
      () => [give, [path, dice.pick(NODES), room.term, dice.pick(['', 1])]],
      () => [copyRoom, [path]],
      () => [copyEvents, [path, room.epoch, 1 + dice.below(room.seq + 2), 1, 1 + dice.below(150), 3000]],
      () => [copyHashes, [path, 'i1.0.0', 'c1.0.0', 'f.0.0']],
      () => [secret, [Buffer.from([1, 200, dice.below(256)])]],
      () =>
        dice.oneIn(4)
          ? [erase, [path, room.epoch, room.number, ...this.#begun(1, room.seq + 1)]]
          : [drop, [path, room.epoch, room.number]],
      () => (dice.oneIn(3) ? [mend, [path, room.epoch, room.number]] : [commit, this.#commit(room)]),
    ]
    const [script, args] = dice.pick(kinds)()
    const key = script === secret ? 'corridor:secret' : bucketKey(bucket(path))
    // Now and then an argument is missing or wrong.
    const broken = dice.oneIn(60) ? args.with(dice.below(args.length), dice.pick(['x', '', -1])) : args
    const call = { script, key, args: dice.oneIn(90) ? broken.slice(0, -1) : broken }
    this.#made.push(call)
    if (this.#made.length > 30) this.#made.shift()
    return call
  }

  /** A room is erased, and dropped when nobody has used it for long: between both a week passes. Mostly. */
  *ending(): Iterable<ScriptCall> {
    const path = this.#dice.pick([...PATHS, '/never'])
    const key = bucketKey(bucket(path))
    const { epoch, number, seq } = this.#room(path)
    if (this.#dice.oneIn(3)) yield { script: erase, key, args: [path, epoch, number + 1, ...this.#begun(1, seq + 1)] }
    yield { script: erase, key, args: [path, epoch, number, ...this.#begun(1, seq + 1)] }
    const erased = this.#room(path)
    yield { script: drop, key, args: [path, erased.epoch, erased.number] }
  }

  #commit({ path, epoch, number, seq }: Room): readonly Argument[] {
    const dice = this.#dice
    const runId = dice.oneIn(30) ? 'another' : this.#model.runId
    const at = dice.oneIn(12) ? number + 1 - dice.below(3) : number
    const begins = epoch === '' || dice.oneIn(15) ? this.#begun(1, seq + 1) : []
    const to = begins.length > 0 ? (begins[0] ?? '') : epoch
    const events = dice.oneIn(15) ? 100 + dice.below(150) : dice.below(8)
    // Small events fill a node of the stream by their number, large ones by their bytes.
    const bytes = dice.pick([2, 300, 300])
    const ids = dice.oneIn(12) ? 60 + dice.below(80) : dice.below(4)
    // A call names each client once.
    const clients = [
      ...new Map(Array.from({ length: ids }, () => this.#digest(8)).map((one) => [one.join(), one])).values(),
    ]
    const lists: readonly [number, () => readonly Argument[]][] = [
      [begins.length / 3, () => begins.splice(0, 3)],
      [events, () => [dice.pick(['chat', 'x']), 'd'.repeat(dice.below(bytes)), dice.oneIn(3) ? this.#digest(12) : '']],
      [ids, () => this.#id(seq)],
      [dice.oneIn(9) ? 1 + dice.below(3) : 0, () => this.#id(seq)],
      [clients.length, () => [clients.pop() ?? '', dice.pick([1, 2 * (1_767_225_600_000 + dice.below(1000))])]],
      [dice.below(2), () => [`p${dice.below(3)}`, `${dice.below(3)} ${dice.below(9)}`]],
      [dice.below(3), () => [`k${dice.below(4)}`, dice.oneIn(4) ? '' : `j${'v'.repeat(dice.below(30))}`]],
      [dice.below(2), () => [`al${dice.below(3)}`, dice.oneIn(3) ? '' : 1_767_225_600_000 + dice.below(10 ** 6)]],
      [dice.oneIn(4) ? 1 + dice.below(5) : 0, () => [1 + dice.below(seq + events + 1)]],
    ]
    const keepFrom = dice.pick([1, 1, Math.max(1, seq - 120), Math.max(1, seq - 10)])
    const all = lists.map(([length, make]) => packed(Array.from({ length }, make).flat()))
    return [path, runId, epoch, at, to, dice.oneIn(8) ? 1_767_225_600_000 : '', keepFrom, 86_400_000, '', ...all]
  }

  /** Its value has the length of a hash before it, the seq after it. */
  #id(seq: number): readonly Argument[] {
    const dice = this.#dice
    const value = Buffer.from([3, 1, dice.below(256), 0, ...Buffer.from(dice.oneIn(3) ? '' : `${seq + 1}`)])
    return [this.#digest(12), value, dice.oneIn(5) ? 'invalid not so' : '']
  }

  #room(path: string): Room {
    const key = `${bucketKey(bucket(path))}m${Buffer.from(path).toString('latin1')}`
    let found: readonly unknown[] = []
    try {
      found = this.#model.command('HMGET', [key, 'e', 'n', 's', 'w']) as readonly unknown[]
    } catch {
      // It is loading, or busy: the call is refused, whatever it says.
    }
    const [epoch, number, seq, term] = found
    const numbers = { number: Number(number ?? 0), seq: Number(seq ?? 0), term: Number(term ?? 0) }
    return { path, epoch: String(epoch ?? ''), ...numbers }
  }

  #begun(count: number, first: number): Argument[] {
    return Array.from({ length: count }, () => [this.#epoch(), first, this.#dice.oneIn(3) ? 1 : 0]).flat()
  }

  #epoch(): string {
    return createHash('md5').update(String(this.#dice.next())).digest('hex')
  }

  /** Of few that come often, and of many that do not. */
  #digest(bytes: number): Buffer {
    const which = this.#dice.oneIn(3) ? this.#dice.below(12) : this.#dice.below(100_000)
    return createHash('sha256').update(`${bytes} ${which}`).digest().subarray(0, bytes)
  }

  #several<T>(most: number, make: () => T): T[] {
    return Array.from({ length: 1 + this.#dice.below(most) }, make)
  }
}

interface Room {
  readonly path: string
  readonly epoch: string
  readonly number: number
  readonly seq: number
  readonly term: number
}

/** `/a` and `/rüm/b` share one. */
function bucket(path: string): number {
  return path === '/a/{c}' ? 2 : 1
}
