// @ts-nocheck: what it imports is installed by the benchmark alone.
/**
 * The classic loop on `ws`: every path is a room, and each message goes to every client of it, one send each, with the
 * bytes passed on as its README does. `TEXT=1`: passed on as a string, as the tutorials do.
 * `DEFLATE=1`: permessage-deflate as ws does it by default, also for small messages (its threshold is 1 KiB).
 */
import { WebSocket, WebSocketServer } from 'ws'

const perMessageDeflate = process.env.DEFLATE ? { threshold: 0 } : false
const isText = Boolean(process.env.TEXT)
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate })
const rooms = new Map()

server.on('listening', () => console.log(`listening ${server.address().port}`))
server.on('connection', (socket, request) => {
  socket.on('error', () => {})
  if (request.url === '/echo') {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
    return
  }
  const clients = rooms.get(request.url) ?? new Set()
  rooms.set(request.url, clients.add(socket))
  socket.on('close', () => clients.delete(socket))
  socket.on('message', (data, isBinary) => {
    const said = isText ? data.toString() : data
    clients.forEach((client) => {
      if (client.readyState === WebSocket.OPEN) client.send(said, { binary: isBinary })
    })
  })
})
