/** How a program uses a client that has the interface of a browser's WebSocket. */
import type { Message } from './heard.ts'
import { messageOf, type Opened, type Opening } from './web-socket-cases.ts'

/** What the cases need of that interface. */
export interface BrowserSocket {
  binaryType: string
  readonly extensions: string
  send(data: string | Uint8Array<ArrayBuffer>): unknown
  close(code?: number, reason?: string): void
  onopen: ((event: never) => unknown) | null
  onmessage: ((event: never) => unknown) | null
  onclose: ((event: never) => unknown) | null
  onerror: ((event: never) => unknown) | null
}

export function useSocket(socket: BrowserSocket, { heard, opened, ended }: Opening): Opened {
  socket.binaryType = 'arraybuffer'
  socket.onopen = opened
  socket.onmessage = ({ data }: MessageEvent) => heard(messageOf(data))
  socket.onclose = ({ code, reason }: CloseEvent) => ended(code, reason)
  socket.onerror = () => {} // `close` follows
  return {
    send: (message: Message) => void socket.send(typeof message === 'string' ? message : new Uint8Array(message)),
    close: (code, reason) => socket.close(code, reason),
    extensions: () => socket.extensions,
  }
}
