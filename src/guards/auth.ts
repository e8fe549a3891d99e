/**
 * Who may enter a room with `auth`: a JSON Web Token (RFC 7519) from the Authorization header, the subprotocol
 * `bearer.<token>` (a browser cannot set headers), or the cookie the room names. `jose` verifies; which algorithms count
 * is the mount's to say, never the token's. `gate.ts` asks before the upgrade and for every HTTP verb of the path.
 */
import type { IncomingMessage } from 'node:http'
import { parseCookie } from 'cookie'
import { createRemoteJWKSet, errors, importSPKI, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { Refusal } from '../errors.ts'
import type { AuthConfig } from '../mount.ts'

/** The verified claims of a token, and when it ends (ms since 1970). */
export interface Pass {
  readonly claims: Readonly<JWTPayload>
  readonly untilMs: number | undefined
}

/** The key for a token's head, however the mount gives it. */
type Key = JWTVerifyGetKey

const MAX_TOKEN_LENGTH = 8192
/** Clocks differ; more than this is not forgiven. */
const LEEWAY_SECONDS = 5
/** A token signed with a key nobody knows may make us ask for the keys again, but not more often. */
const REFRESH_MS = 60_000
const KEYS_MAX_AGE_MS = 600_000
const KEYS_TIMEOUT_MS = 3000
const SUBPROTOCOL = 'bearer.'
const ALGORITHMS = { secret: ['HS256'], key: ['RS256', 'PS256', 'ES256', 'EdDSA'] }

export class Auth {
  readonly #config: AuthConfig
  readonly #algorithms: string[]
  #key: Promise<Key> | undefined

  constructor(config: AuthConfig) {
    this.#config = config
    this.#algorithms = config.algorithms ?? (config.secret ? ALGORITHMS.secret : ALGORITHMS.key)
  }

  /** The pass of a request; `undefined` for a guest where guests may enter. Throws a `Refusal` 401 or 503. */
  async check(request: IncomingMessage): Promise<Pass | undefined> {
    const token = this.#tokenOf(request)
    if (token === undefined) {
      if (!this.#config.required) return undefined
      throw unauthorized('no_token', 'this room asks for a token')
    }
    if (token.length > MAX_TOKEN_LENGTH) throw unauthorized('bad_token', 'the token is too long')
    return this.#verify(token)
  }

  #tokenOf({ headers }: IncomingMessage): string | undefined {
    const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
    if (bearer !== undefined) return bearer
    const offered = headers['sec-websocket-protocol']?.split(',').map((protocol) => protocol.trim())
    const carried = offered?.find((protocol) => protocol.startsWith(SUBPROTOCOL))
    if (carried !== undefined) return carried.slice(SUBPROTOCOL.length)
    return this.#config.cookie === undefined ? undefined : parseCookie(headers.cookie ?? '')[this.#config.cookie]
  }

  async #verify(token: string): Promise<Pass> {
    const { issuer, audience } = this.#config
    try {
      const key = await this.#load()
      const { payload } = await jwtVerify(token, key, {
        algorithms: this.#algorithms,
        clockTolerance: LEEWAY_SECONDS,
        ...(issuer !== undefined && { issuer }),
        ...(audience !== undefined && { audience }),
      })
      return { claims: payload, untilMs: payload.exp === undefined ? undefined : payload.exp * 1000 }
    } catch (error) {
      // Nothing of the token is repeated, in an answer or in a log.
      if (error instanceof errors.JWKSNoMatchingKey || !isKeyTrouble(error)) throw refusalOf(error)
      throw new Refusal(503, 'keys_unavailable', 'the keys to check tokens with cannot be had now', {
        'Retry-After': '5',
      })
    }
  }

  #load(): Promise<Key> {
    this.#key ??= load(this.#config, this.#algorithms)
    return this.#key
  }
}

async function load({ secret, publicKey, jwksUrl }: AuthConfig, algorithms: string[]): Promise<Key> {
  if (jwksUrl !== undefined) {
    return createRemoteJWKSet(new URL(jwksUrl), {
      cooldownDuration: REFRESH_MS,
      cacheMaxAge: KEYS_MAX_AGE_MS,
      timeoutDuration: KEYS_TIMEOUT_MS,
    })
  }
  if (secret !== undefined) {
    const bytes = new TextEncoder().encode(secret)
    return async () => bytes
  }
  const keys = new Map<string, Awaited<ReturnType<typeof importSPKI>>>()
  return async ({ alg = '' }) => {
    // The same key under another algorithm is another key; only listed algorithms come this far.
    const known = keys.get(alg) ?? (await importSPKI(publicKey ?? '', algorithms.includes(alg) ? alg : ''))
    keys.set(alg, known)
    return known
  }
}

/** Not the token's fault: the key set could not be fetched or read. */
function isKeyTrouble(error: unknown): boolean {
  return (
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    error instanceof TypeError ||
    (error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC')
  )
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof errors.JWTExpired) return unauthorized('token_expired', 'the token has expired')
  if (error instanceof errors.JWTClaimValidationFailed) {
    return unauthorized('bad_token', `the token's "${error.claim}" is not what this room expects`)
  }
  return unauthorized('bad_token', 'the token is not valid here')
}

/** RFC 6750, 3. */
function unauthorized(code: string, message: string): Refusal {
  const error = code === 'no_token' ? '' : ' error="invalid_token"'
  return new Refusal(401, code, message, { 'WWW-Authenticate': `Bearer${error}` })
}
