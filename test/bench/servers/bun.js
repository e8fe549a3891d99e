// @ts-nocheck: it runs on Bun, which the benchmark alone installs.
/**
 * Bun's native publish: every path is a topic. `DEFLATE=1`: permessage-deflate with the compressor shared by all
 * connections, the fastest that Bun offers.
 */
const isDeflated = Boolean(process.env.DEFLATE)

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request, server) {
    if (server.upgrade(request, { data: { room: new URL(request.url).pathname } })) return undefined
    return new Response('expected a WebSocket', { status: 426 })
  },
  websocket: {
    perMessageDeflate: isDeflated && { compress: 'shared', decompress: 'shared' },
    open(socket) {
      if (socket.data.room !== '/echo') socket.subscribe(socket.data.room)
    },
    message(socket, message) {
      const { room } = socket.data
      if (room === '/echo') socket.send(message, isDeflated)
      else server.publish(room, message, isDeflated)
    },
  },
})
console.log(`listening ${server.port}`)
