/** A `ws` server without a network: a handshake is taken on a stream that the test reads and writes. */
import { Duplex } from 'node:stream'
import { onTestFinished } from 'vitest'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import { handshake } from './raw.ts'

/** A connection: what is pushed into it was sent by the client; what is written to it goes nowhere. */
export class Line extends Duplex {
  override _read(): void {}
  override _write(_: Buffer, __: string, done: () => void): void {
    done()
  }
}

/** Opens a WebSocket on a line of its own; `offer`: further headers of the handshake. */
export function openUnplugged(options: ServerOptions, offer: Record<string, string> = {}) {
  const server = new WebSocketServer({ noServer: true, ...options })
  onTestFinished(() => server.close())
  const line = new Line()
  const headers = Object.fromEntries(handshake(offer).map(([name, value]) => [name.toLowerCase(), value]))
  let opened: WebSocket | undefined
  const request = Object.assign(Object.create(null), { method: 'GET', headers })
  server.handleUpgrade(request, line, Buffer.alloc(0), (ws) => {
    opened = ws
  })
  if (!opened) throw new Error('expected ws to take the handshake')
  return { server, ws: opened, line }
}
