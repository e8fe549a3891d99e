/**
 * Authentication for a room with `auth`: a JSON Web Token (RFC 7519) from the Authorization header, the subprotocol
 * `bearer.<token>` (a browser cannot set headers), or the room's cookie. `jose` verifies it; the mount chooses the
 * algorithms, never the token. `gate.ts` calls it before the upgrade and for every HTTP method of the path.
 */
import { parseCookie } from 'cookie'
import { errors, importSPKI, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { Clock } from '../clock.ts'
import { defaultAlgorithms } from '../config/algorithms.ts'
import type { AuthConfig } from '../config/auth-settings.ts'
import { Refusal } from '../errors.ts'
import type { Caller } from './caller.ts'
import { KeySet, KeysUnavailable } from './key-set.ts'
import { badToken, expired, noToken, type Pass } from './pass.ts'

const MAX_TOKEN_LENGTH = 8192
const MAX_SUBJECT_LENGTH = 255
/** Tolerance for clock skew. */
const LEEWAY_SECONDS = 5
/** The prefix of a subprotocol that carries a token; the server never selects it. */
export const BEARER = 'bearer.'

/** Where a caller may present a token. */
export type Credentials = Pick<Caller, 'authorization' | 'protocols' | 'cookie'>

export class Auth {
  readonly #config: AuthConfig
  readonly #clock: Clock
  readonly #algorithms: string[]
  readonly #key: JWTVerifyGetKey

  /** `failed` gets the reason if the keys cannot be fetched. */
  constructor(config: AuthConfig, clock: Clock, failed: (reason: string) => void = () => {}) {
    this.#config = config
    this.#clock = clock
    this.#algorithms = config.algorithms ?? defaultAlgorithms(config)
    this.#key = keyOf(config, clock, failed)
  }

  /** The pass of a caller; `undefined` for a guest, if guests may enter. Rejects with a `Refusal` 401 or 503. */
  async check(caller: Credentials): Promise<Pass | undefined> {
    const token = presentedToken(caller)
    if (token !== undefined) return this.#verify(token)
    const cookie = this.#cookieOf(caller.cookie)
    if (this.#config.required) {
      if (cookie === undefined) throw noToken()
      return this.#verify(cookie)
    }
    return cookie === undefined ? undefined : this.#verify(cookie).catch(asGuest)
  }

  /** The token in the cookie; an empty cookie counts as none. */
  #cookieOf(header = ''): string | undefined {
    const { cookie } = this.#config
    return cookie === undefined ? undefined : parseCookie(header)[cookie] || undefined
  }

  async #verify(token: string): Promise<Pass> {
    if (token.length > MAX_TOKEN_LENGTH)
      throw badToken(`expected a token of at most ${MAX_TOKEN_LENGTH} characters, got ${token.length}`)
    const { issuer, audience } = this.#config
    try {
      const { payload } = await jwtVerify(token, this.#key, {
        algorithms: this.#algorithms,
        clockTolerance: LEEWAY_SECONDS,
        currentDate: new Date(this.#clock.now()),
        ...(issuer !== undefined && { issuer }),
        ...(audience !== undefined && { audience }),
      })
      return { claims: withSubject(payload), untilMs: this.#endOf(payload) }
    } catch (error) {
      throw error instanceof KeysUnavailable ? unavailable() : refusalOf(error)
    }
  }

  /** When the pass ends, in ms since 1970; a token accepted within the leeway after `exp` lasts to the end of the leeway. */
  #endOf({ exp }: JWTPayload): number | undefined {
    if (exp === undefined) return undefined
    const untilMs = exp * 1000
    return untilMs > this.#clock.now() ? untilMs : untilMs + LEEWAY_SECONDS * 1000
  }
}

/** A token that the client sent on purpose, so a wrong one is always refused. */
function presentedToken({ authorization, protocols }: Credentials): string | undefined {
  const bearer = bearerOf(authorization)
  if (bearer !== undefined) return bearer
  return protocols.find((protocol) => protocol.startsWith(BEARER))?.slice(BEARER.length)
}

/** A browser sends cookies by itself, also expired ones. If guests may enter, a caller with an invalid cookie is a guest. */
function asGuest(error: unknown): undefined {
  if (error instanceof Refusal && error.status === 401) return undefined
  throw error
}

/** The token of the Authorization header (RFC 6750, 2.1). */
export function bearerOf(authorization = ''): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization)?.[1]
}

function keyOf({ secret, publicKey = '', jwksUrl }: AuthConfig, clock: Clock, failed: (reason: string) => void) {
  if (jwksUrl !== undefined) return new KeySet(jwksUrl, clock, failed).key
  if (secret !== undefined) {
    const bytes = new TextEncoder().encode(secret)
    return async () => bytes
  }
  // `jose` imports a key for one algorithm; the mount's algorithms bound this map.
  const keys = new Map<string, ReturnType<typeof importSPKI>>()
  return async ({ alg = '' }) => {
    const key = keys.get(alg) ?? importSPKI(publicKey, alg)
    keys.set(alg, key)
    return key
  }
}

/** Checks `sub`: it becomes the peer's id, which others see. */
function withSubject(claims: JWTPayload): JWTPayload {
  const sub: unknown = claims.sub
  if (sub === undefined) return claims
  const isId =
    typeof sub === 'string' &&
    sub.length > 0 &&
    sub.length <= MAX_SUBJECT_LENGTH &&
    !/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(sub)
  if (!isId) throw badToken(`the token's "sub" must be a text of 1 to ${MAX_SUBJECT_LENGTH} characters on one line`)
  return claims
}

/** Never includes any part of the token, for answers and logs. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof errors.JWTExpired) return expired()
  if (error instanceof errors.JWTClaimValidationFailed)
    return badToken(`expected another "${error.claim}" in the token; get a token for this room`)
  return badToken('expected a token signed for this room; get a new one')
}

function unavailable(): Refusal {
  return new Refusal(503, 'keys_unavailable', 'the keys for tokens are unavailable now; try again later', {
    'Retry-After': '5',
  })
}
