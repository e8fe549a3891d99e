/**
 * Which signature algorithms (RFC 7518, 3.1) fit which key. `auth-settings.ts` rejects settings that could never verify
 * a token; `auth.ts` takes the default algorithms of a room from here.
 */
import { createPublicKey } from 'node:crypto'

export const ALGORITHMS = [
  ...['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
] as const

/** A secret is at least as long as the hash (RFC 7518, 3.2). */
const SECRET_BYTES: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 }
const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
const CURVES: Readonly<Record<string, string>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' }
/** RFC 7518, 3.3 and 3.5. */
const RSA_BITS = 2048
const WITHOUT_KEY = ['RS256', 'PS256', 'ES256', 'EdDSA']

export interface KeySettings {
  readonly secret?: string | undefined
  readonly publicKey?: string | undefined
  readonly algorithms?: readonly string[] | undefined
}

/** The algorithms of a room without `algorithms`: those of its key, or the usual ones for a key set. */
export function defaultAlgorithms({ secret, publicKey }: KeySettings): string[] {
  if (secret !== undefined) return ['HS256']
  if (publicKey === undefined || !isPublicKey(publicKey)) return WITHOUT_KEY
  return algorithmsOf(publicKey).filter((name) => !/^[RP]S(384|512)$/.test(name))
}

/** `pem` is a public key in the form that `jose` reads. */
export function isPublicKey(pem: string): boolean {
  try {
    return pem.startsWith('-----BEGIN PUBLIC KEY-----') && createPublicKey(pem).type === 'public'
  } catch {
    return false
  }
}

/** Why these settings can verify no token, and the key of `auth` that is wrong; `undefined` if they can. */
export function keyMistake(settings: KeySettings): { at: keyof KeySettings; message: string } | undefined {
  const { secret, publicKey, algorithms = defaultAlgorithms(settings) } = settings
  const isSymmetric = (name: string) => name.startsWith('HS')
  if (algorithms.some((name) => isSymmetric(name) !== (secret !== undefined)))
    return { at: 'algorithms', message: 'expected HS256, HS384 or HS512 with a secret, and only others with a key' }
  if (secret !== undefined) return secretMistake(secret, algorithms)
  if (publicKey === undefined || !isPublicKey(publicKey)) return undefined
  const fitting = algorithmsOf(publicKey)
  if (fitting.length === 0)
    return {
      at: 'publicKey',
      message: `expected an RSA key of ${RSA_BITS} bits or more, or one of the curves P-256, P-384, P-521 and Ed25519`,
    }
  const strange = algorithms.find((name) => !fitting.includes(name))
  if (strange === undefined) return undefined
  return { at: 'algorithms', message: `expected algorithms of this publicKey (${fitting.join(', ')}), not ${strange}` }
}

/** The algorithms that a public key in PEM can verify. */
function algorithmsOf(pem: string): string[] {
  const { asymmetricKeyType, asymmetricKeyDetails = {} } = createPublicKey(pem)
  if (asymmetricKeyType === 'rsa') return (asymmetricKeyDetails.modulusLength ?? 0) >= RSA_BITS ? RSA : []
  if (asymmetricKeyType === 'ed25519') return ['EdDSA', 'Ed25519']
  const curve = CURVES[asymmetricKeyDetails.namedCurve ?? '']
  return curve === undefined ? [] : [curve]
}

function secretMistake(secret: string, algorithms: readonly string[]) {
  const sizeBytes = Buffer.byteLength(secret)
  const [name, least] = algorithms
    .map((name) => [name, SECRET_BYTES[name] ?? 0] as const)
    .reduce((a, b) => (b[1] > a[1] ? b : a))
  if (sizeBytes >= least) return undefined
  const message = `expected at least ${least} bytes for ${name} (RFC 7518, 3.2), got ${sizeBytes}; make some with: openssl rand -hex ${least}`
  return { at: 'secret' as const, message }
}
