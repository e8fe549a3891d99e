/**
 * Who owns a room, as Redis has it: beside what is known of the room, also of one without durable history. A claim is the
 * first call of an opening; whoever had the room before cannot commit any more. `owned-log.ts` of the nodes claims a
 * room before it opens and gives it up when it has closed.
 */

import type { KeptCall } from './kept-calls.ts'
import { bucketOf } from './keys.ts'
import type { Claim, RoomClaim } from './position.ts'
import { Questions } from './questions.ts'
import type { RedisCalls } from './redis-calls.ts'
import { count, list, text } from './reply.ts'
import { claim as claimScript } from './scripts/claim.ts'
import { give } from './scripts/give.ts'

/** Nothing is known of the room. */
const NOTHING: RoomClaim = { owner: '', term: 0, at: { epoch: '', number: 0 } }

export class Claims {
  readonly node: string
  readonly #calls: RedisCalls

  constructor(calls: RedisCalls, node: string) {
    this.#calls = new Questions(calls)
    this.node = node
  }

  /** All of these reject with a `RoomError` `unavailable` while Redis does not answer. */
  async look(path: string): Promise<RoomClaim> {
    const fields = await this.#calls.command('HMGET', `${bucketOf(path)}m${path}`, 'o', 'w', 'e', 'n')
    const [owner = '', term, epoch = '', number] = list(fields).map((field) => (field === null ? '' : text(field)))
    return { owner, term: Number(term || 0), at: { epoch, number: Number(number || 0) } }
  }

  /** The node that had a room without durable history in its memory when it closed, if no other has had it since; '': none. */
  async holderOf(path: string): Promise<string> {
    const holder = await this.#calls.command('HGET', `${bucketOf(path)}m${path}`, 'h')
    return holder === null ? '' : text(holder)
  }

  /** When the earliest alarm of a room is due, as the index has it. */
  async alarmOf(path: string): Promise<number | undefined> {
    const at = await this.#calls.command('ZSCORE', `${bucketOf(path)}alarms`, path)
    return at === null ? undefined : Number(text(at))
  }

  /** Claims a room that is as it was `seen`; if it is elsewhere, returns where. Unless it was seen: one that nobody has used. */
  async take(
    path: string,
    { owner: former, at: from }: RoomClaim = NOTHING,
  ): Promise<{ claim: Claim } | { seen: RoomClaim }> {
    const reply = list(
      await this.#calls.run(claimScript, bucketOf(path), [path, this.node, from.epoch, from.number, former, '', '']),
    )
    if (text(reply[0]) === 'ok') {
      const at = { epoch: from.epoch, number: count(reply[2]) }
      return { claim: { node: this.node, term: count(reply[1]), from, at } }
    }
    const [, owner, term, epoch, number] = reply
    return { seen: { owner: text(owner), term: count(term), at: { epoch: text(epoch), number: count(number) } } }
  }

  /** Whether the room is still owned by this claim. One that Redis has lost is made again where it began from. */
  async again(path: string, claim: Claim): Promise<boolean> {
    return isClaimed(await this.#calls.run(claimScript, bucketOf(path), againArguments(path, claim)))
  }

  /** Whether it was given up: another may have the room already. `keepsMemory`: this node still has something of it. */
  async give(path: string, { node, term }: Pick<Claim, 'node' | 'term'>, keepsMemory = false): Promise<boolean> {
    return count(await this.#calls.run(give, bucketOf(path), [path, node, term, keepsMemory ? 1 : ''])) === 1
  }
}

/** A claim among the calls that are said again if Redis has lost them. */
export function claimCall({ node, term, from, at }: Claim): KeptCall {
  return { from, to: at.epoch, rest: [node, from.epoch, from.number, '', term, at.number], timeMs: 'claim', bytes: 0 }
}

/** What says it again. */
export async function claimAgain(calls: RedisCalls, path: string, { rest }: KeptCall): Promise<boolean> {
  return isClaimed(await calls.run(claimScript, bucketOf(path), [path, ...rest]))
}

function againArguments(path: string, claim: Claim) {
  return [path, ...claimCall(claim).rest]
}

function isClaimed(reply: Awaited<ReturnType<RedisCalls['run']>>): boolean {
  return text(list(reply)[0]) === 'ok'
}
