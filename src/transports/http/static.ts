/**
 * Sends files and pages: compressed as the browser accepts, cached for good if the path has the file's hash, else revalidated
 * (RFC 9110, 13.1.2). `http.ts` registers the files, `room-routes.ts` sends pages.
 */
import accepts from 'accepts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Asset, ContentEncoding } from './asset.ts'
import type { OwnFiles } from './own-files.ts'

/** Below this, compression saves no packet. */
const SMALL = 1000
const ENCODINGS: readonly ContentEncoding[] = ['br', 'gzip']
const FOR_GOOD = 'public, max-age=31536000, immutable'

/** `hashed`: the files whose path has the hash of their content. `own`: the operator's, which replace `files`. */
export function fileRoutes(
  app: FastifyInstance,
  files: ReadonlyMap<string, Asset>,
  hashed: ReadonlyMap<string, Asset>,
  own: OwnFiles,
): void {
  for (const [path, asset] of files)
    app.get(path, (request, reply) => (own.has(path) ? own.send(reply, path) : sendAsset(request, reply, asset)))
  for (const [path, asset] of hashed) app.get(path, (request, reply) => sendAsset(request, reply, asset, FOR_GOOD))
}

/** Sends a file or page, or 304 if the browser has it. */
export async function sendAsset(
  request: FastifyRequest,
  reply: FastifyReply,
  asset: Asset,
  cacheControl = 'no-cache',
): Promise<FastifyReply> {
  const encoding = asset.body.length < SMALL ? undefined : encodingFor(request)
  const tag = `"${asset.hash}${encoding ? `-${encoding}` : ''}"`
  vary(reply, 'Accept-Encoding')
  reply.header('Cache-Control', cacheControl).header('ETag', tag)
  if (isKnown(request.headers['if-none-match'], tag)) return reply.code(304).send()
  reply.type(asset.type)
  if (encoding === undefined) return reply.send(asset.body)
  return reply.header('Content-Encoding', encoding).send(await asset.in(encoding))
}

/** The best encoding that the browser names; `*` is ignored. */
function encodingFor(request: FastifyRequest): ContentEncoding | undefined {
  const wanted = accepts(request.raw).encodings()
  return ENCODINGS.find((encoding) => wanted.includes(encoding))
}

function isKnown(header: string | undefined, tag: string): boolean {
  const known = header?.split(',').map((one) => one.trim().replace(/^W\//, '')) ?? []
  return known.includes(tag) || known.includes('*')
}

function vary(reply: FastifyReply, name: string): void {
  const before = reply.getHeader('Vary')
  reply.header('Vary', before ? `${before}, ${name}` : name)
}
