/**
 * Two nodes with links and HTTP: the edge hands every request on, the owner answers with routes of the test's own. No room
 * and no Redis: where the room lives is what the test says.
 */
import { type IncomingMessage, type RequestOptions, request } from 'node:http'
import Fastify, { type FastifyInstance } from 'fastify'
import room from '../../rooms/echo.ts'
import { type Clock, systemClock } from '../../src/clock.ts'
import { mountOf } from '../../src/config/mount.ts'
import { roomSchema } from '../../src/config/schema.ts'
import { Refusal } from '../../src/errors.ts'
import { Forwarding } from '../../src/nodes/forwarding.ts'
import { HandedOn } from '../../src/nodes/handed-on.ts'
import { HandingOn } from '../../src/nodes/handing-on.ts'
import { type Door, LinkNetwork } from '../../src/nodes/link-network.ts'
import { Links } from '../../src/nodes/links.ts'
import type { Home } from '../../src/nodes/ownership.ts'
import { Questions } from '../../src/nodes/questions.ts'
import { systemRandom } from '../../src/random.ts'
import { callerReader } from '../../src/transports/caller-reader.ts'

export interface HandingNode {
  readonly id: string
  readonly app: FastifyInstance
  /** Of its public server. */
  readonly url: string
  /** `host:port` of its links. */
  readonly links: string
  readonly handing: HandingOn
  readonly forwarding: Forwarding
  /** Where this node thinks that the room is; after a doubt, the next. */
  homes: Home[]
  readonly doubts: string[]
  /** What was charged to clients of it. */
  readonly charged: string[]
  isDraining: boolean
  /** Before it reaches another node. */
  dialling: Promise<unknown>
  /** Where it reaches them, if not over their links. */
  door: Door | undefined
  /** Ends its links, and nothing else. */
  cut(): Promise<void>
  /** Gives up its link to another node, as one on which nothing is heard. */
  hangUp(other: HandingNode): Promise<void>
}

const LINE = { module: 'm', limits: { payload: '1KiB' } }

export class HandingStage {
  readonly #ends: (() => unknown)[] = []
  readonly #addresses = new Map<string, string>()

  /** `routes`: how it answers what it does not hand on. `clock`: of what it hands on. */
  async node(id: string, routes: (app: FastifyInstance) => void, handingClock?: Clock): Promise<HandingNode> {
    const [clock, random] = [systemClock(), systemRandom()]
    const handed = new HandedOn((request, response) => app.routing(request, response))
    const network = new LinkNetwork({
      ...{ self: id, clock, random, host: '127.0.0.1', port: 0 },
      secret: () => Buffer.alloc(32, 1),
      localAddress: () => undefined,
      handedOn: handed.take,
    })
    const quiet = { message() {}, over() {} }
    const line = () => {}
    const links = new Links({
      ...{ network, clock, questions: new Questions(), beat: async () => true },
      roster: { self: id, get: (node) => this.#entry(node), redisAgeMs: 0, heard() {}, ended() {}, dialled() {} },
      logger: { debug: line, info: line, warn: line, error: line },
      dialled: () => quiet,
      accepted: () => quiet,
    })
    const forwarding = new Forwarding({ self: id, clock: handingClock ?? clock, random })
    const next = () => node.homes[0] ?? { at: 'here' as const }
    const handing = new HandingOn({
      forwarding,
      links: { to: (other) => node.dialling.then(() => links.to(other)) },
      roster: { self: id },
      ownership: {
        known: next,
        find: () => Promise.resolve(next()),
        doubt(path, other, why) {
          node.doubts.push(`${path} ${other} ${why}`)
          node.homes.shift()
        },
      },
      doorOf: (other) => node.door ?? network.doorOf(other),
      isHandedOn: (request) => handed.callerOf(request) !== undefined,
      clock: handingClock ?? clock,
      gate: {
        mustBeTaking() {
          if (node.isDraining) throw new Refusal(503, 'draining', 'this server is restarting')
        },
        chargeRead: ({ target }) => void node.charged.push(String(target)),
      },
    })
    const app = Fastify({ return503OnClosing: false, forceCloseConnections: true })
    app.server.on('checkContinue', (request, response) => app.server.emit('request', request, response))
    const callerOf = callerReader([], handed.callerOf)
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    app.decorateRequest('caller')
    app.addHook('onRequest', async (request) => {
      request.caller = callerOf(request.raw)
    })
    const mount = mountOf('/*', roomSchema.parse(LINE), LINE, {
      ...{
        file: '/m.ts',
        definition: room,
        options: undefined,
        page: undefined,
      },
    })
    app.addHook('preHandler', async (request, reply) => {
      const { pathname: path, searchParams: query } = new URL(request.raw.url ?? '/', 'http://x')
      if (await handing.handOn({ request, reply, route: { path, mount, params: {} }, query })) return reply
    })
    app.setErrorHandler((error, _, reply) => {
      const { status, code, message, headers } = error instanceof Refusal ? error : new Refusal(500, 'x', String(error))
      return reply.code(status).headers(headers).send({ error: code, message })
    })
    routes(app)
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const address = await links.listen()
    this.#addresses.set(id, address)
    const cut = () => links.close()
    const hangUp = async (other: HandingNode) => (await links.to(other.id)).close('planned')
    this.#ends.push(async () => {
      await forwarding.close()
      await cut()
      await app.close()
    })
    const node: HandingNode = {
      ...{ id, app, url, links: address, handing, forwarding, cut, hangUp },
      ...{ homes: [], doubts: [], charged: [], isDraining: false, dialling: Promise.resolve(), door: undefined },
    }
    return node
  }

  /** Two nodes, of which the first has the room. */
  async pair(routes: (app: FastifyInstance) => void, handingClock?: Clock) {
    const owner = await this.node('node-b-0002', routes)
    const plain = (app: FastifyInstance) => void app.all('/*', (_, reply) => reply.send('the edge'))
    const edge = await this.node('node-a-0001', plain, handingClock)
    edge.homes = [there(owner)]
    return { owner, edge }
  }

  async end(): Promise<void> {
    for (const end of this.#ends.splice(0)) await end()
  }

  /** A node that has ended may still be known. */
  #entry(id: string) {
    const address = this.#addresses.get(id)
    return address === undefined ? undefined : { address }
  }
}

export function there(node: { readonly id: string }): Home {
  return { at: 'there', node: node.id, term: 1 }
}

export interface Got {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A request and its whole answer, on a connection of its own. */
export function ask(url: string, options: RequestOptions = {}, body?: string): Promise<Got> {
  const { promise, resolve, reject } = Promise.withResolvers<Got>()
  const asking = request(url, { agent: false, ...options }, async (answer) => {
    try {
      let text = ''
      for await (const chunk of answer) text += chunk
      resolve({ status: answer.statusCode, headers: answer.headers, body: text })
    } catch (error) {
      reject(error)
    }
  })
  asking.on('error', reject)
  asking.end(body)
  return promise
}

/** Answers with what it was asked. */
export const echo = (app: FastifyInstance) => {
  app.all('/*', async ({ raw, caller, method, body }, reply) => {
    let text = ''
    if (method === 'POST') for await (const chunk of body as AsyncIterable<Buffer>) text += chunk
    return reply.header('X-Mine', 'yes').send({ url: raw.url, caller, headers: raw.headers, text })
  })
}
