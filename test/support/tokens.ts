/** Tokens of an issuer who is the test: signed by a shared secret, or by a key of its own. */
import { type CryptoKey, exportSPKI, generateKeyPair, SignJWT } from 'jose'

export const SECRET = 'a shared secret of more than 32 bytes, for tests'

/** Seconds from now, as claims count them. */
export const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds

/** A token that is good for a minute, unless the claims say otherwise (`exp: undefined`: for ever). */
export function sign(
  claims: Record<string, unknown> = {},
  head: Record<string, unknown> = {},
  key: CryptoKey | string | Uint8Array = SECRET,
): Promise<string> {
  const { alg = 'HS256', ...rest } = head
  const bytes = typeof key === 'string' ? new TextEncoder().encode(key) : key
  return new SignJWT({ exp: inSeconds(60), ...claims })
    .setProtectedHeader({ alg: String(alg), ...rest })
    .sign(bytes as Uint8Array, {
      crit: Object.fromEntries([...((rest.crit as string[]) ?? [])].map((name) => [name, true])),
    })
}

export interface Keys {
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  /** PEM. */
  readonly pem: string
}

export async function keyPair(alg = 'RS256'): Promise<Keys> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { privateKey, publicKey, pem: await exportSPKI(publicKey) }
}

export const bearer = (token: string) => ({ Authorization: `Bearer ${token}` })
