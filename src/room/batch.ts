/**
 * Messages whose events are kept together, all or none. The events are held back here until all handlers have ended.
 * `batches.ts` commits or discards them.
 */
import type { RoomError } from '../errors.ts'
import type { ClientKey, Draft, IdempotencyKey, RoomLog } from '../log/log.ts'

/** A message with its idempotency key, until the key is appended. */
interface Keyed {
  clientKey: ClientKey | undefined
}

export class Batch {
  readonly #roomLog: RoomLog
  readonly #drafts: Draft[] = []
  readonly #keys: IdempotencyKey[]
  #waiting: { resolve: (seq: number) => void; reject: (error: unknown) => void }[] = []

  /** `keys`: further keys to append with the events, beside those of the messages. */
  constructor(roomLog: RoomLog, keys: readonly IdempotencyKey[]) {
    this.#roomLog = roomLog
    this.#keys = [...keys]
  }

  /** Holds an event back until the batch is committed. */
  stage(draft: Draft, message: Keyed): Promise<number> {
    if (message.clientKey) this.#keys.push({ ...message.clientKey, draft: this.#drafts.length })
    message.clientKey = undefined
    this.#drafts.push(draft)
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** Appends the held-back events, with the keys of the `messages` that published nothing. */
  async commit(messages: readonly Keyed[]): Promise<void> {
    const silent = messages.flatMap(({ clientKey }) => clientKey ?? [])
    const keys = [...this.#keys.splice(0), ...silent]
    const waiting = this.#waiting
    this.#waiting = []
    if (waiting.length === 0 && keys.length === 0) return
    try {
      const first = await this.#roomLog.append(this.#drafts.splice(0), keys)
      for (const [index, { resolve }] of waiting.entries()) resolve(first + index)
    } catch (error) {
      for (const { reject } of waiting) reject(error)
      throw error
    }
  }

  /** Drops the held-back events. */
  discard(reason: RoomError): void {
    this.#drafts.length = 0
    for (const { reject } of this.#waiting.splice(0)) reject(reason)
  }
}
