/** `/asyncapi.json`: the AsyncAPI document of all rooms. Of a locked room it shows only those its messages who may enter. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Mount } from '../../config/mount.ts'
import { Refusal } from '../../errors.ts'
import type { Gate } from '../../gate/gate.ts'
import { asyncApiOf } from '../../operations/asyncapi.ts'
import { ownVersion } from '../../version.ts'
import { allow, JSON_UTF8, languagesOf, type RoomRouteParts } from './room-routes.ts'

export function asyncApiRoute(app: FastifyInstance, parts: RoomRouteParts, basePath: string): void {
  const { gate, router, lobbyOrigins } = parts
  const version = ownVersion()
  app.get('/asyncapi.json', async (request, reply) => {
    const { caller } = request
    allow(gate, request, reply, lobbyOrigins(), false)
    gate.chargeRead(caller)
    const { mounts } = router()
    const open = await openTo(gate, request, mounts)
    const place = { host: caller.askedHost ?? 'localhost', isSecure: caller.isSecure === true, basePath }
    const document = asyncApiOf(mounts, place, version, languagesOf(request), (mount) => open.has(mount))
    reply.header('Vary', 'Accept-Language, Authorization, Host, Origin').header('Cache-Control', 'no-cache')
    return reply.type(JSON_UTF8).send(JSON.stringify(document))
  })
}

/** The mounts that the caller may enter. */
async function openTo(gate: Gate, { caller }: FastifyRequest, mounts: readonly Mount[]): Promise<ReadonlySet<Mount>> {
  const open = new Set<Mount>()
  const { query } = gate.target(caller)
  // Together: each `admit` may take its time.
  const asked = mounts.map(async (mount) => {
    const isLocked = mount.auth?.required || mount.definition.admit !== undefined
    if (!isLocked || (await mayEnter(gate, caller, mount, query))) open.add(mount)
  })
  await Promise.all(asked)
  return open
}

/** Rooms of a pattern have no path to ask for. */
async function mayEnter(
  gate: Gate,
  caller: FastifyRequest['caller'],
  mount: Mount,
  query: URLSearchParams,
): Promise<boolean> {
  const { pattern } = mount
  const hasToken = caller.authorization !== undefined || caller.cookie !== undefined
  if (pattern.includes(':') || (mount.auth?.required && !hasToken)) return false
  try {
    await gate.pass(caller, { mount, path: pattern, params: {} }, query)
    return true
  } catch (error) {
    if (error instanceof Refusal) return false
    throw error
  }
}
