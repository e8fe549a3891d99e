/**
 * The operator's paths, `/admin/`: there only with `ADMIN_TOKEN`, and open only to who brings it. Every request but a GET
 * is a line in the log. `http.ts` registers them; `operations/admin.ts` does what they ask.
 */
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { RoomLogger } from '../../define.ts'
import { Refusal, refusalOf, roomErrorOf } from '../../errors.ts'
import type { Gate } from '../../gate/gate.ts'
import type { ActName, Asked } from '../../operations/acts.ts'
import { begun } from '../../operations/backup-socket.ts'
import type { OperatorAccess } from '../../operations/operator.ts'
import { mustBeUncoded, wrongType } from '../wrong-type.ts'
import { bodyOf, KICK, MAX_BODY_BYTES, pageQuery, REDACT, ROOM, roomQuery, SAY } from './admin-requests.ts'
import type { WebPages } from './pages.ts'
import { type RequiredToken, requireToken } from './required-token.ts'
import { sendAsset } from './static.ts'

export interface AdminRouteParts {
  readonly gate: Gate
  readonly logger: RoomLogger
  readonly pages: WebPages
  /** `undefined`: there are no such paths. */
  readonly admin: OperatorAccess | undefined
}

const PREFIX = '/admin'
const GETS = ['rooms', 'room', 'backup']
const BACKUP_NAME = 'corridor.db'
const JSON_UTF8 = 'application/json; charset=utf-8'

/** The operator's board, which asks for the token. */
export function operatorPage(app: FastifyInstance, { admin, pages }: AdminRouteParts): void {
  if (!admin) return
  for (const path of [PREFIX, `${PREFIX}/`])
    app.get(path, (request, reply) => sendAsset(request, reply, pages.operator))
}

export async function adminRoutes(app: FastifyInstance, { gate, logger, admin }: AdminRouteParts): Promise<void> {
  if (!admin) return
  const { overview, acts, backup } = admin
  const token: RequiredToken = { value: admin.token, name: 'admin', variable: 'ADMIN_TOKEN' }
  const posts = new Map<string, (request: FastifyRequest) => Promise<unknown>>()
  /** The rooms that requests name, for the log. */
  const named = new WeakMap<FastifyRequest, string>()
  const post = <A extends ActName>(name: A, schema: z.ZodType<Asked[A]>): void => {
    posts.set(name, async (request) => {
      const asked = bodyOf(schema, request.body)
      named.set(request, asked.room)
      return acts.run(name, asked)
    })
  }
  post('kick', KICK)
  post('restart', ROOM)
  post('clear-history', ROOM)
  post('redact', REDACT)
  post('erase', ROOM)
  post('say', SAY)

  textBodies(app)
  app.addHook('onRequest', async (request, reply) => {
    reply.header('Cache-Control', 'no-store')
    // A page of another site gets nothing, and cannot make its reader's address pay for wrong tokens.
    gate.origin(request.caller, 'same')
    requireToken(token, gate, request.caller)
    mustBeUncoded(request.headers)
  })
  app.addHook('onSend', async (request, reply) => {
    // Who asks too often fills no log.
    if (isRead(request) || reply.statusCode === 429) return
    const name = nameOf(request)
    // Nothing else of the request: it may hold what is said in a room.
    const what = posts.has(name) ? name : 'unknown'
    const fields = { what, room: named.get(request), from: request.caller.address, status: reply.statusCode }
    logger.info(fields, 'a request of the operator')
  })
  app.get(`${PREFIX}/rooms`, async (request, reply) => {
    return send(reply, await overview.page(pageQuery(gate.target(request.caller).query)))
  })
  app.get(`${PREFIX}/room`, async (request, reply) => {
    return send(reply, await acts.run('room', { room: roomQuery(gate.target(request.caller).query) }))
  })
  app.get(`${PREFIX}/backup`, { exposeHeadRoute: false }, async (_, reply) => {
    if (!backup) throw new Refusal(404, 'not_found', 'this server keeps nothing on disk (DATA_DIR=:memory:)')
    const bytes = await begun(backup())
    reply.header('Content-Disposition', `attachment; filename="${BACKUP_NAME}"`).type('application/vnd.sqlite3')
    return reply.send(Readable.from(bytes))
  })
  for (const [name, act] of posts) {
    app.post(`${PREFIX}/${name}`, async (request, reply) => {
      try {
        return send(reply, await act(request))
      } catch (thrown) {
        const error = roomErrorOf(thrown)
        throw error ? refusalOf(error, false) : thrown
      }
    })
  }
  app.all(`${PREFIX}/*`, async (request, reply) => {
    const name = nameOf(request)
    const allowed = GETS.includes(name) ? 'GET' : posts.has(name) ? 'POST' : undefined
    if (!allowed) throw new Refusal(404, 'not_found', `expected one of ${[...GETS, ...posts.keys()].join(', ')}`)
    reply.header('Allow', allowed)
    throw new Refusal(405, 'bad_method', `expected ${allowed}, got ${request.method}`)
  })
}

/** Bodies as text, read only after the token was checked. */
function textBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume()
    done(wrongType('expected Content-Type: application/json'))
  })
  const options = { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES } as const
  app.addContentTypeParser<Buffer>('application/json', options, (_request, body, done) => {
    try {
      done(null, new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body))
    } catch {
      done(new Refusal(400, 'bad_json', 'expected a body in UTF-8, got other bytes'))
    }
  })
}

function send(reply: FastifyReply, answer: unknown): FastifyReply {
  return reply.type(JSON_UTF8).send(JSON.stringify(answer))
}

function isRead({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD'
}

/** `kick` of `/admin/kick?x`, however it is encoded. */
function nameOf({ url }: FastifyRequest): string {
  return decoded(url.replace(/\?.*$/, '')).split(`${PREFIX}/`).at(-1) ?? ''
}

/** The target may be one that was refused. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
