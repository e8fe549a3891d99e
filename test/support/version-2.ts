/** The Socket.IO client of 2019, which the classic tutorials load: version 2.2.0 to the letter, from npm. */
import { createRequire } from 'node:module'
import { type AnySocket, StockSocket, type Transport, TYPES } from './stock-socket.ts'

/** It brings no types of its own. */
export interface Version2Socket extends AnySocket {
  readonly connected: boolean
  /** Goes with the next connect to its namespace. */
  query: unknown
  readonly io: {
    socket(namespace: string, options?: object): Version2Socket
    readonly engine: { readonly transport: { readonly name: string }; close(): void }
  }
  emit(type: string, ...args: unknown[]): this
  send(...args: unknown[]): this
  connect(): this
}

const require = createRequire(import.meta.url)
const connect: (url: string, options: object) => Version2Socket = require('socket.io-client-2')

/** The bundle for a page, as the content networks have it. */
export const VERSION_2_BUNDLE: string = require.resolve('socket.io-client-2/dist/socket.io.js')

/** Like `stockSocket`; a refusal is its event `error`. `transports`: by default polling, then an upgrade. */
export function version2(url: string, transports: readonly Transport[], options: object = {}) {
  const often = { reconnectionDelay: 10, reconnectionDelayMax: 50, forceNew: true }
  return new StockSocket(connect(url, { ...often, transports, ...options }), [...TYPES, 'pong'])
}
