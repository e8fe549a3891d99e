/**
 * Writes a refusal to a raw socket: status line, headers, a one-line JSON body; then ends the socket. `http.ts` sends the
 * same body through Fastify.
 */
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../clock.ts'
import type { Refusal } from '../errors.ts'

/** After this, a socket is destroyed even if the client has not read the refusal. */
const LINGER_MS = 2000

export function refuse(clock: Clock, socket: Duplex, refusal: Refusal): void {
  const body = refusalBody(refusal)
  const headers = {
    Connection: 'close',
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Content-Length': Buffer.byteLength(body),
    ...refusal.headers,
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const head = `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\n${lines.join('\r\n')}`
  // Unread input would turn the end into a reset, and the client might never read the refusal.
  socket.resume()
  socket.end(`${head}\r\n\r\n${body}`, () => socket.destroy())
  const cancel = clock.after(LINGER_MS, () => socket.destroy())
  socket.once('close', cancel)
}

/** The body of every refusal: one line of JSON. */
export function refusalBody({ code, message, details }: Refusal): string {
  return `${JSON.stringify({ error: code, message, ...details })}\n`
}
