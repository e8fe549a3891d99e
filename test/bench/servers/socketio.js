// @ts-nocheck: what it imports is installed by the benchmark alone.
/**
 * Socket.IO over its WebSocket transport, with its own rooms: `?room=` names the room, `/echo` answers the sender.
 * `DEFLATE=1`: permessage-deflate, also for small messages (its threshold is 1 KiB).
 */
import { createServer } from 'node:http'
import { Server } from 'socket.io'

const http = createServer()
const perMessageDeflate = process.env.DEFLATE ? { threshold: 0 } : false
const io = new Server(http, { transports: ['websocket'], serveClient: false, perMessageDeflate })

io.on('connection', (socket) => {
  const { room } = socket.handshake.query
  if (room === '/echo') {
    socket.on('message', (data) => socket.emit('message', data))
    return
  }
  socket.join(room)
  socket.on('message', (data) => io.to(room).emit('message', data))
})
// A namespace of its own for each path under /open/.
io.of(/^\/open\//).on('connection', (socket) => {
  socket.on('message', (data) => socket.nsp.emit('message', data))
})
http.listen(0, '127.0.0.1', () => console.log(`listening ${http.address().port}`))
