/**
 * A self-signed certificate for 127.0.0.1, made anew for each test: no key lies in the repository, and no program is
 * needed to make one. X.509 (RFC 5280) in DER, an ECDSA key on P-256.
 */
import { generateKeyPairSync, sign } from 'node:crypto'

const DAY_MS = 86_400_000

/** A certificate and its key, both PEM. */
export function selfSigned(): { cert: string; key: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02)) // ecdsa-with-SHA256
  const commonName = sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from('127.0.0.1')))
  const name = sequence(der(0x31, commonName))
  const validity = sequence(time(Date.now() - DAY_MS), time(Date.now() + DAY_MS))
  const address = sequence(der(0x87, Buffer.from([127, 0, 0, 1])))
  const subjectAltName = sequence(oid(0x55, 0x1d, 0x11), der(0x04, address))
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, Buffer.from([1])), // serial number
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(subjectAltName)),
  )
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', body, privateKey)])
  const certificate = sequence(body, algorithm, der(0x03, signature))
  const lines = certificate.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n')
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  }
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function oid(...bytes: number[]): Buffer {
  return der(0x06, Buffer.from(bytes))
}

function time(ms: number): Buffer {
  return der(0x18, Buffer.from(new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '')))
}

/** Tag, length, value. */
function der(tag: number, value: Buffer): Buffer {
  const { length } = value
  const head =
    length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from(head), value])
}
