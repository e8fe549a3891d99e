/**
 * The keys of messages that are being written. The same key twice would fail the commit for everyone: the retry must
 * wait for the first. A room's log owns them.
 */
import type { Frame } from '../delivery/frame.ts'
import type { ClientKey, IdempotencyKey } from './log.ts'
import { pairKey } from './pair-key.ts'

export class PendingKeys {
  readonly #keys = new Set<string>()

  /** How many messages' keys. */
  get size(): number {
    return this.#keys.size
  }

  hasAny(keys: readonly IdempotencyKey[]): boolean {
    return keys.some((key) => isNew(key) && this.#keys.has(pairKey(key.client, key.id)))
  }

  add(keys: readonly IdempotencyKey[]): void {
    for (const key of keys) if (isNew(key)) this.#keys.add(pairKey(key.client, key.id))
  }

  remove(keys: readonly IdempotencyKey[]): void {
    for (const key of keys) if (isNew(key)) this.#keys.delete(pairKey(key.client, key.id))
  }
}

/** A message's key, unless it updates one that is kept. */
export function isNew(key: IdempotencyKey): key is ClientKey {
  return 'client' in key && !key.isUpdate
}

/** The seq of a message's first event. `frames`: the events that were appended with the key. */
export function seqOf(key: IdempotencyKey, frames: readonly Frame[]): number | undefined {
  return 'client' in key && key.draft !== undefined ? frames[key.draft]?.seq : undefined
}
