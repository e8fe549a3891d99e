/**
 * The public keys of an issuer (RFC 7517), fetched from its URL when needed, and cached. Clients cannot drive the fetching:
 * an unknown key id triggers a refresh at most once a minute. `auth.ts` asks for the key of each token.
 */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import type { Clock } from '../clock.ts'
import { within } from '../within.ts'

/** The keys cannot be fetched now; the token may be valid. */
export class KeysUnavailable extends Error {}

/** Older keys are used while new ones are fetched; keys older than `STALE_MS` are not used. */
const FRESH_MS = 600_000
const STALE_MS = 3_600_000
/** The shortest time between two fetches: after an unknown key id, and after a failure. */
const REFRESH_MS = 60_000
const RETRY_MS = 5000
const TIMEOUT_MS = 3000
const MAX_BYTES = 1024 * 1024

export class KeySet {
  readonly #url: string
  readonly #clock: Clock
  readonly #failed: (reason: string) => void
  #keys: JWTVerifyGetKey | undefined
  #fetchedMs = 0
  #triedMs = Number.NEGATIVE_INFINITY
  #running: Promise<void> | undefined

  /** `failed` gets the reason of each failed fetch. */
  constructor(url: string, clock: Clock, failed: (reason: string) => void) {
    this.#url = url
    this.#clock = clock
    this.#failed = failed
  }

  /** The key that a token names. Rejects with `KeysUnavailable`, or with an error of jose if there is no such key. */
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

  /** Fetches the keys, unless the last try was less than `everyMs` ago. If it fails, the old keys stay. */
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

  /** Aborts the request if the issuer does not answer in time. */
  #fetch(): Promise<void> {
    const abort = new AbortController()
    return within(this.#clock, TIMEOUT_MS, this.#fetchKeys(abort.signal), () => {
      const late = new Error(`expected an answer within ${TIMEOUT_MS} ms, got none`)
      abort.abort(late)
      throw late
    })
  }

  async #fetchKeys(signal: AbortSignal): Promise<void> {
    const response = await fetch(this.#url, {
      headers: { Accept: 'application/jwk-set+json, application/json' },
      redirect: 'error',
      signal,
    })
    if (response.status !== 200) throw new Error(`expected status 200, got ${response.status}`)
    this.#keys = keysIn(await textOf(response))
    this.#fetchedMs = this.#clock.monotonic()
  }
}

function keysIn(text: string): JWTVerifyGetKey {
  try {
    return createLocalJWKSet(JSON.parse(text) as JSONWebKeySet)
  } catch {
    throw new Error('expected a JSON Web Key Set (RFC 7517), got something else')
  }
}

/** The body as text. Rejects if it is larger than any key set can be. */
async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of body ?? []) {
    sizeBytes += chunk.length
    if (sizeBytes > MAX_BYTES) throw new Error(`expected at most ${MAX_BYTES} bytes, got more`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
