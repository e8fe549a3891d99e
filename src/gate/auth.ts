/**
 * Who may enter a room with `auth`: a JSON Web Token (RFC 7519) from the Authorization header, the subprotocol
 * `bearer.<token>` (a browser cannot set headers), or the cookie the room names. `jose` verifies; which algorithms count
 * is the mount's to say, never the token's. `gate.ts` asks before the upgrade and for every HTTP verb of the path.
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
/** Clocks differ; more than this is not forgiven. */
const LEEWAY_SECONDS = 5
/** The subprotocol that carries a token; it is never answered. */
export const BEARER = 'bearer.'

/** Where a token may stand. */
export type Credentials = Pick<Caller, 'authorization' | 'protocols' | 'cookie'>

export class Auth {
  readonly #config: AuthConfig
  readonly #clock: Clock
  readonly #algorithms: string[]
  readonly #key: JWTVerifyGetKey

  /** `failed` is told why the keys cannot be had. */
  constructor(config: AuthConfig, clock: Clock, failed: (reason: string) => void = () => {}) {
    this.#config = config
    this.#clock = clock
    this.#algorithms = config.algorithms ?? defaultAlgorithms(config)
    this.#key = keyOf(config, clock, failed)
  }

  /** The pass of a caller; `undefined` for a guest where guests may enter. Throws a `Refusal` 401 or 503. */
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

  /** What the cookie holds; an emptied one is one that was taken away. */
  #cookieOf(header = ''): string | undefined {
    const { cookie } = this.#config
    return cookie === undefined ? undefined : parseCookie(header)[cookie] || undefined
  }

  async #verify(token: string): Promise<Pass> {
    if (token.length > MAX_TOKEN_LENGTH) throw badToken('the token is too long')
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

  /** Who comes in the moment after its end, by our clock, has what is left of the leeway: no less than a moment. */
  #endOf({ exp }: JWTPayload): number | undefined {
    if (exp === undefined) return undefined
    const untilMs = exp * 1000
    return untilMs > this.#clock.now() ? untilMs : untilMs + LEEWAY_SECONDS * 1000
  }
}

/** A token that the client sends on purpose: if it is wrong, the client must know. */
function presentedToken({ authorization, protocols }: Credentials): string | undefined {
  const bearer = bearerOf(authorization)
  if (bearer !== undefined) return bearer
  return protocols.find((protocol) => protocol.startsWith(BEARER))?.slice(BEARER.length)
}

/** A browser sends a cookie by itself, also one that has ended: where no cookie would come in, such a one does too. */
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
  // The same key under another algorithm is another key; only the mount's algorithms come this far.
  const keys = new Map<string, ReturnType<typeof importSPKI>>()
  return async ({ alg = '' }) => {
    const key = keys.get(alg) ?? importSPKI(publicKey, alg)
    keys.set(alg, key)
    return key
  }
}

/** The subject becomes the id of a peer, which others read. */
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

/** Nothing of the token is repeated, in an answer or in a log. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof errors.JWTExpired) return expired()
  if (error instanceof errors.JWTClaimValidationFailed)
    return badToken(`the token's "${error.claim}" is not what this room expects`)
  return badToken('the token is not valid here')
}

function unavailable(): Refusal {
  return new Refusal(503, 'keys_unavailable', 'the keys to check tokens with cannot be had now', { 'Retry-After': '5' })
}
