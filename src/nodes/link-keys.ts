/**
 * What two nodes prove to each other before a link stands: that they belong to the same Redis, by a key made of the secret
 * that it keeps. The key of before is accepted for a minute after the secret has changed, since not every node hears of it
 * in the same moment. `link-handshake.ts` exchanges the proofs.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { NodeId } from './link-message.ts'

/** Rises with what a node of before would not understand. */
export const LINK_PROTOCOL = 1
const KEPT_MS = 60_000

/** Who proves, and what for: nothing that proves one thing proves another. */
export type ProofOf =
  /** Of the node that dials, and of the one that accepts. */
  | 'dials'
  | 'accepts'
  /** Of the requests that are handed on along a link. */
  | 'hands on'

/** What both sides have said before. */
export interface Greeting {
  readonly from: NodeId
  readonly to: NodeId
  /** Of who dials, and of who accepts. */
  readonly nonces: readonly [string, string]
}

export class LinkKeys {
  readonly #clock: Clock
  readonly #secret: () => Uint8Array
  #key: Buffer | undefined
  #former: { readonly key: Buffer; readonly untilMs: number } | undefined

  /** `secret`: throws a `RoomError` `unavailable` while it is not known. */
  constructor(clock: Clock, secret: () => Uint8Array) {
    this.#clock = clock
    this.#secret = secret
  }

  /** The keys that count now, the newest first. Throws while the secret is not known. */
  all(): readonly Buffer[] {
    const key = createHmac('sha256', this.#secret()).update('corridor link').digest()
    const now = this.#clock.monotonic()
    if (this.#key && !this.#key.equals(key)) this.#former = { key: this.#key, untilMs: now + KEPT_MS }
    this.#key = key
    if (this.#former && now >= this.#former.untilMs) this.#former = undefined
    return this.#former ? [key, this.#former.key] : [key]
  }
}

export function proofOf(key: Buffer, what: ProofOf, { from, to, nonces }: Greeting): string {
  const said = JSON.stringify([what, LINK_PROTOCOL, from, to, ...nonces])
  return createHmac('sha256', key).update(said).digest('base64url')
}

/** The key with which one of the proofs was made; `undefined`: none was. */
export function provenKey(
  keys: readonly Buffer[],
  what: ProofOf,
  greeting: Greeting,
  proofs: readonly string[],
): Buffer | undefined {
  return keys.find((key) => {
    const expected = proofOf(key, what, greeting)
    return proofs.some((proof) => isSame(proof, expected))
  })
}

/** Takes the same time for any text of this length. */
export function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)]
  return one.length === other.length && timingSafeEqual(one, other)
}
