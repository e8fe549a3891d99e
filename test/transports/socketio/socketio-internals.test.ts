/** The private parts of socket.io and engine.io that the gateway uses. With a new version of either, this fails first. */
import { createServer, IncomingMessage } from 'node:http'
import { type AddressInfo, Socket as NetSocket } from 'node:net'
import { Server as Engine } from 'engine.io'
import { Server, type Socket } from 'socket.io'
import { type Socket as ClientSocket, io } from 'socket.io-client'
import { describe, expect, it } from 'vitest'
import manifest from '../../../package.json' with { type: 'json' }
import {
  filterPackets,
  hasQueue,
  idOf,
  netSocketOf,
  type Packet,
  parseNamespaces,
  refreshPing,
  setQuery,
  setSessionId,
  takeEvents,
  webSocketOf,
} from '../../../src/transports/socketio/socketio-internals.ts'

/** Calls `look` with a connected socket of the packages alone. */
async function withSocket(
  transport: string,
  look: (socket: Socket, say: () => void, client: ClientSocket) => Promise<void>,
): Promise<void> {
  const http = createServer()
  const engine = new Engine()
  engine.attach(http)
  const server = new Server({ connectionStateRecovery: { skipMiddlewares: false } })
  server.bind(engine)
  server.use((socket, next) => {
    setSessionId(socket, 'a session')
    next()
  })
  const connected = new Promise<Socket>((resolve) => server.on('connection', resolve))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const client = io(`http://127.0.0.1:${port}`, { path: '/engine.io', transports: [transport], forceNew: true })
  try {
    await look(await connected, () => client.emit('say', 'hi', () => {}), client)
  } finally {
    client.disconnect()
    await server.close()
    http.close()
  }
}

describe('the private parts', () => {
  it('are those of the pinned versions', () => {
    const { 'socket.io': socketio, 'engine.io': engineio, 'socket.io-adapter': adapter } = manifest.dependencies
    for (const version of [socketio, engineio, adapter]) expect(version).toMatch(/^\d+\.\d+\.\d+$/)
  })

  it('take events before listeners by name, with their numbers, and filter packets', () =>
    withSocket('websocket', async (socket, say) => {
      const filtered: Packet[] = []
      filterPackets(socket, (packet) => filtered.push(packet) > 0)
      const packet = new Promise<Packet>((resolve) => takeEvents(socket, resolve))
      say()
      expect(await packet).toMatchObject({ type: 2, id: 0, data: ['say', 'hi'] })
      expect(filtered).toMatchObject([{ nsp: '/', data: ['say', 'hi'] }])
    }))

  it('give a client the session id that it is to have', () =>
    withSocket('websocket', async (_, __, client) => {
      if (!client.connected) await new Promise<void>((resolve) => client.once('connect', resolve))
      expect(Reflect.get(client, '_pid')).toBe('a session')
    }))

  it('take the query as it was read', () => {
    const request = new IncomingMessage(new NetSocket())
    request.url = '/?sid=b&transport=polling'
    setQuery(request, new URLSearchParams('sid=a&sid=b'))
    const prepared: Record<string, unknown> = { _query: undefined }
    Reflect.apply(Reflect.get(Engine.prototype, 'prepare'), undefined, [Object.assign(prepared, request)])
    expect(prepared._query).toEqual({ sid: 'a' })
  })

  it('read the namespaces of a connection', () =>
    withSocket('websocket', async (socket, say) => {
      const read: string[] = []
      parseNamespaces(socket, (namespace) => {
        read.push(namespace)
        return { namespace, authPayload: {} }
      })
      const packet = new Promise<Packet>((resolve) => takeEvents(socket, resolve))
      say()
      await packet
      expect(read).toEqual(['/'])
    }))

  it('are there for a session and its connection', () =>
    withSocket('websocket', async (socket) => {
      expect(idOf(socket.conn)).toMatch(/^\S{20}$/)
      expect(hasQueue(socket.conn)).toBe(false)
      expect(webSocketOf(socket.conn)?.readyState).toBe(1)
      expect(netSocketOf(socket.conn)?.remoteAddress).toBe('127.0.0.1')
      expect(() => refreshPing(socket.conn)).not.toThrow()
      expect(Reflect.has(socket.conn, 'pingTimeoutTimer')).toBe(true)
      expect(Reflect.has(socket, '_cleanup')).toBe(true)
    }))

  it('are there while it polls', () =>
    withSocket('polling', async (socket) => {
      expect(webSocketOf(socket.conn)).toBeUndefined()
      expect(Reflect.get(socket.conn.transport, 'closeTimeout')).toBe(30_000)
      socket.conn.write('2["a"]')
      expect(Reflect.has(socket.conn, 'writeBuffer')).toBe(true)
    }))
})
