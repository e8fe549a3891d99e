/**
 * The public keys of an issuer (RFC 7517), fetched from its URL when they are needed and kept. What strangers send never
 * drives the fetching: a token signed with a key nobody knows may make us look for new keys once a minute. `auth.ts` asks
 * for the key of each token.
 */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import type { Clock } from '../clock.ts'
import { within } from '../within.ts'

/** The keys cannot be had now; that is no fault of the token. */
export class KeysUnavailable extends Error {}

/** So old, they are fetched anew while the old ones serve; and so old, they do not serve any more. */
const FRESH_MS = 600_000
const STALE_MS = 3_600_000
/** At most so often because of an unknown key, and after a failure. */
const REFRESH_MS = 60_000
const RETRY_MS = 5000
const PATIENCE_MS = 3000
const MAX_BYTES = 1024 * 1024

export class KeySet {
  readonly #url: string
  readonly #clock: Clock
  readonly #failed: (reason: string) => void
  #keys: JWTVerifyGetKey | undefined
  #fetchedMs = 0
  #triedMs = Number.NEGATIVE_INFINITY
  #running: Promise<void> | undefined

  /** `failed` is told why a fetch brought nothing. */
  constructor(url: string, clock: Clock, failed: (reason: string) => void) {
    this.#url = url
    this.#clock = clock
    this.#failed = failed
  }

  /** The key that a token names. Rejects with `KeysUnavailable`, or with an error of jose where there is no such key. */
  readonly key: JWTVerifyGetKey = async (head, token) => {
    const age = this.#clock.monotonic() - this.#fetchedMs
    if (!this.#keys || age > STALE_MS) await this.#refresh(RETRY_MS)
    else if (age > FRESH_MS) void this.#refresh(RETRY_MS)
    if (!this.#keys || this.#clock.monotonic() - this.#fetchedMs > STALE_MS) throw new KeysUnavailable()
    try {
      return await this.#keys(head, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      await this.#refresh(REFRESH_MS)
      return this.#keys(head, token)
    }
  }

  /** Fetches the keys, unless that was tried a moment ago. Where it fails, the keys stay as they were. */
  #refresh(everyMs: number): Promise<void> {
    if (!this.#running && this.#clock.monotonic() - this.#triedMs >= everyMs) {
      this.#triedMs = this.#clock.monotonic()
      this.#running = this.#fetch()
        .catch((error: Error & { cause?: NodeJS.ErrnoException }) =>
          this.#failed(error.cause?.code ?? error.cause?.message ?? error.message),
        )
        .finally(() => {
          this.#running = undefined
        })
    }
    return this.#running ?? Promise.resolve()
  }

  /** An issuer that does not answer in time is not waited for, nor is what it may still send. */
  #fetch(): Promise<void> {
    const patience = new AbortController()
    return within(this.#clock, PATIENCE_MS, this.#fetchKeys(patience.signal), () => {
      const late = new Error(`no answer within ${PATIENCE_MS} ms`)
      patience.abort(late)
      throw late
    })
  }

  async #fetchKeys(signal: AbortSignal): Promise<void> {
    const response = await fetch(this.#url, {
      headers: { Accept: 'application/jwk-set+json, application/json' },
      redirect: 'error',
      signal,
    })
    if (response.status !== 200) throw new Error(`answered ${response.status}`)
    this.#keys = createLocalJWKSet(JSON.parse(await textOf(response)) as JSONWebKeySet)
    this.#fetchedMs = this.#clock.monotonic()
  }
}

/** Throws where there is more of it than keys can need. */
async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of body ?? []) {
    sizeBytes += chunk.length
    if (sizeBytes > MAX_BYTES) throw new Error(`answered more than ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
