/**
 * `auth` of a room in `rooms.json`: which tokens are accepted. A key that could never verify a token is a configuration
 * error. `schema.ts` includes it in a room's settings; `gate/auth.ts` verifies tokens with it.
 */
import { z } from 'zod'
import { ALGORITHMS, isPublicKey, keyMistake } from './algorithms.ts'
import { flag, list, section, text } from './setting-kinds.ts'

const PUBLIC_KEY = 'expected a public key in PEM: "-----BEGIN PUBLIC KEY-----…"'

const COOKIE = "expected the name of a cookie (letters, digits and !#$%&'*+.^_`|~-)"

export const auth = section({
  secret: text('expected the shared secret of the tokens')
    .optional()
    .describe('The shared secret (HS256, HS384 or HS512).'),
  publicKey: z
    .string(PUBLIC_KEY)
    .refine(isPublicKey, PUBLIC_KEY)
    .optional()
    .describe('The public key of the issuer, PEM.'),
  jwksUrl: z
    .url({ protocol: /^https?$/, error: 'expected the http(s) URL of a key set' })
    // `URL` reads "https:/keys" and "https:///keys" as the host "keys".
    .regex(/^https?:\/\/[^/]/i, 'expected the http(s) URL of a key set')
    // `fetch` refuses such a URL, and prints it.
    .refine((url) => !/^[^/]*\/\/[^/?#]*@/.test(url), 'expected the URL of a key set without a name and password in it')
    .optional()
    .describe('The URL of the key set of the issuer (JWKS).'),
  algorithms: list(z.enum(ALGORITHMS, `expected one of ${ALGORITHMS.join(', ')}`), 'expected a list of algorithms')
    .min(1, 'expected at least one algorithm')
    .optional()
    .describe('The algorithms a token may be signed with.'),
  issuer: text('expected the issuer of the tokens').optional().describe('The required value of `iss`.'),
  audience: text('expected the audience of the tokens').optional().describe('The required value of `aud`.'),
  required: flag.default(true).describe('Whether a token is required. With false, guests may join without one.'),
  cookie: z
    .string(COOKIE)
    .regex(/^[\w!#$%&'*+.^`|~-]+$/, COOKIE)
    .optional()
    .describe('The cookie that may carry the token.'),
})
  .check(({ value, issues }) => {
    const kinds = [value.secret, value.publicKey, value.jwksUrl].filter((kind) => kind !== undefined)
    if (kinds.length !== 1)
      issues.push({ code: 'custom', input: value, message: 'expected exactly one of secret, publicKey and jwksUrl' })
    const mistake = kinds.length === 1 ? keyMistake(value) : undefined
    if (mistake) issues.push({ code: 'custom', input: value[mistake.at], path: [mistake.at], message: mistake.message })
  })
  .describe('Requires a token of this issuer. Exactly one of secret, publicKey and jwksUrl.')

export type AuthConfig = z.output<typeof auth>
