/**
 * Digests of clients and of their message ids, under which a log may keep them in few bytes. They are made with the secret
 * of the log: nobody else can choose ids that fall together.
 */
import { hash } from 'node:crypto'

export class IdDigests {
  readonly #key: () => Uint8Array
  #prefix: string | undefined

  /** `key`: what the digests are made with; it is asked for once. */
  constructor(key: () => Uint8Array) {
    this.#key = key
  }

  /** 12 bytes. */
  id(client: string, id: string): Buffer {
    return this.#digest(`${client.length} ${client}${id}`, 12)
  }

  /** 8 bytes. */
  client(client: string): Buffer {
    return this.#digest(client, 8)
  }

  #digest(text: string, bytes: number): Buffer {
    this.#prefix ??= Buffer.from(this.#key()).toString('hex')
    // A text of bytes first: memory of its own for each would cost more than the digest.
    return Buffer.from(hash('sha256', this.#prefix + text, 'latin1').slice(0, bytes), 'latin1')
  }
}
