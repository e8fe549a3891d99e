// @ts-nocheck: what it imports is installed by the benchmark alone.
/** The classic loop on `@fastify/websocket`: every path is a room, and each message goes to every client of it. */
import websocket from '@fastify/websocket'
import Fastify from 'fastify'

const app = Fastify()
const rooms = new Map()

await app.register(websocket)
app.get('/echo', { websocket: true }, (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
})
app.get('/*', { websocket: true }, (socket, request) => {
  const clients = rooms.get(request.url) ?? new Set()
  rooms.set(request.url, clients.add(socket))
  socket.on('close', () => clients.delete(socket))
  socket.on('message', (data, isBinary) => {
    clients.forEach((client) => {
      if (client.readyState === 1) client.send(data, { binary: isBinary })
    })
  })
})
await app.listen({ host: '127.0.0.1', port: 0 })
console.log(`listening ${app.server.address().port}`)
