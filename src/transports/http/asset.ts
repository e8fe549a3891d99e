/**
 * One file for browsers: its type, the hash of its content, and its compressed forms, each made on first request.
 * `pages.ts` makes them, `static.ts` sends them.
 */
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

export type ContentEncoding = 'br' | 'gzip'

const compressBrotli = promisify(brotliCompress)
const compressGzip = promisify(gzip)
/** Nearly the best compression in a fraction of the time. */
const QUALITY = 9

export class Asset {
  readonly type: string
  readonly hash: string
  readonly body: Buffer
  readonly #compressed = new Map<ContentEncoding, Promise<Buffer>>()

  constructor(content: string | Buffer, type: string) {
    this.type = type
    this.body = Buffer.from(content)
    this.hash = createHash('sha256').update(this.body).digest('base64url').slice(0, 16)
  }

  /** The body in this encoding; each is made once. */
  in(encoding: ContentEncoding): Promise<Buffer> {
    const known = this.#compressed.get(encoding)
    if (known) return known
    const made =
      encoding === 'br'
        ? compressBrotli(this.body, { params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY } })
        : compressGzip(this.body, { level: QUALITY })
    this.#compressed.set(encoding, made)
    return made
  }
}
