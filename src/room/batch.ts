/**
 * Messages whose events are kept together, all or none: what their handlers publish is held back here until all have
 * ended. `batches.ts` commits or discards it.
 */
import type { RoomError } from '../errors.ts'
import type { ClientKey, Draft, IdempotencyKey, RoomLog } from '../log/log.ts'

/** A message that brings a clientKey until one of its events, or the batch, takes it along. */
interface Marked {
  clientKey: ClientKey | undefined
}

export class Batch {
  readonly #log: RoomLog
  readonly #drafts: Draft[] = []
  readonly #keys: IdempotencyKey[]
  #waiting: { resolve: (seq: number) => void; reject: (error: unknown) => void }[] = []

  /** `keys`: what is kept with the events beside the keys of the messages. */
  constructor(log: RoomLog, keys: readonly IdempotencyKey[]) {
    this.#log = log
    this.#keys = [...keys]
  }

  /** Holds an event back until the batch is committed. */
  stage(draft: Draft, message: Marked): Promise<number> {
    if (message.clientKey) this.#keys.push({ ...message.clientKey, draft: this.#drafts.length })
    message.clientKey = undefined
    this.#drafts.push(draft)
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** Appends all that is held back, with the keys of `messages` that published nothing. */
  async commit(messages: readonly Marked[]): Promise<void> {
    const silent = messages.flatMap(({ clientKey }) => clientKey ?? [])
    const keys = [...this.#keys.splice(0), ...silent]
    const waiting = this.#waiting
    this.#waiting = []
    if (waiting.length === 0 && keys.length === 0) return
    try {
      const first = await this.#log.append(this.#drafts.splice(0), keys)
      for (const [index, { resolve }] of waiting.entries()) resolve(first + index)
    } catch (error) {
      for (const { reject } of waiting) reject(error)
      throw error
    }
  }

  /** Drops what is held back. */
  discard(reason: RoomError): void {
    this.#drafts.length = 0
    for (const { reject } of this.#waiting.splice(0)) reject(reason)
  }
}
