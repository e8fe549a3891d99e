/**
 * Reads and tries the certificate and its key before the server starts. `environment.ts` calls it and collects the
 * mistakes.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import { show } from '../mistakes.ts'
import { codeOf, errorOf } from '../thrown.ts'

interface Tls {
  readonly cert: string
  readonly key: string
}

/** The contents of two PEM files; `undefined` if none is set. Adds what is wrong to `mistakes`. */
export function readTls(
  cert: string | undefined,
  key: string | undefined,
  cwd: string,
  mistakes: string[],
): Tls | undefined {
  if (cert === undefined && key === undefined) return undefined
  if (cert === undefined || key === undefined) {
    const [missing, given] = cert === undefined ? ['TLS_CERT', 'TLS_KEY'] : ['TLS_KEY', 'TLS_CERT']
    mistakes.push(`${missing}: expected the path of a PEM file beside ${given}, got nothing; set both or neither`)
    return undefined
  }
  const read = (variable: string, path: string) => {
    try {
      return readFileSync(resolve(cwd, path), 'utf8')
    } catch (error) {
      mistakes.push(
        `${variable}: expected the path of a PEM file that can be read, got ${show(path)} (${codeOf(error) ?? error})`,
      )
      return undefined
    }
  }
  const tls = { cert: read('TLS_CERT', cert), key: read('TLS_KEY', key) }
  if (tls.cert === undefined || tls.key === undefined) return undefined
  try {
    createSecureContext(tls)
  } catch (error) {
    mistakes.push(
      `TLS_CERT, TLS_KEY: expected a certificate and its private key, both PEM, got files that cannot be used: ${errorOf(error).message}`,
    )
  }
  return { cert: tls.cert, key: tls.key }
}
