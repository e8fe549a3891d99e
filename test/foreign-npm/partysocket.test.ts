/** `partysocket`: its `WebSocket` asks a function for each URL, `PartySocket` makes URLs of a host, a path and a query. */
import { PartySocket, WebSocket as PartyWebSocket } from 'partysocket'
import { describe, expect, it } from 'vitest'
import { useSocket } from './browser-socket.ts'
import { openStage } from './stage.ts'
import { behavesAsWebSocketClient, type Opening } from './web-socket-cases.ts'

/** After an error it reports a normal close. */
const traits = { tokens: ['subprotocol'], isReturning: true, lostCode: 1000 } as const
const optionsOf = ({ tries = Number.POSITIVE_INFINITY }: Opening) => ({ minReconnectionDelay: 20, maxRetries: tries })

behavesAsWebSocketClient({
  ...traits,
  name: 'WebSocket of partysocket',
  open(opening) {
    const { address, protocols } = opening
    return useSocket(new PartyWebSocket(address, protocols, optionsOf(opening)), opening)
  },
})

behavesAsWebSocketClient({
  ...traits,
  name: 'PartySocket',
  open(opening) {
    const { address, protocols } = opening
    const { host, pathname } = new URL(address())
    const query = () => Object.fromEntries(new URL(address()).searchParams)
    const where = { host, basePath: pathname.slice(1), query, ...(protocols && { protocols }) }
    return useSocket(new PartySocket({ ...where, ...optionsOf(opening) }), opening)
  },
})

describe('the party and the room of a PartySocket', () => {
  const stage = openStage()

  it('are a path', async () => {
    const socket = new PartySocket({ host: `127.0.0.1:${stage.server.port}`, party: 'chess', room: 'one' })
    socket.send('hello')
    const answer = new Promise((resolve) => {
      socket.onmessage = ({ data }) => resolve(data)
    })
    expect(await answer).toBe('hello')
    expect(new URL(socket.url).pathname).toBe('/parties/chess/one')
    socket.close()
  })
})
