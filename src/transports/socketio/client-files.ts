/**
 * The client of Socket.IO for browsers, in the files that the package ships, as its users load them: `/socket.io/socket.io.js`.
 * Not those with the parser of MessagePack, which no room understands.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const TYPES = { '.js': 'text/javascript; charset=utf-8', '.map': 'application/json; charset=utf-8' }

export interface ClientFile {
  readonly path: string
  readonly type: string
  readonly body: Buffer
}

export function clientFiles(): ClientFile[] {
  const folder = join(dirname(createRequire(import.meta.url).resolve('socket.io')), '../client-dist')
  return readdirSync(folder)
    .filter((name) => name.startsWith('socket.io.') && !name.includes('msgpack'))
    .map((name) => ({
      path: `/socket.io/${name}`,
      type: name.endsWith('.map') ? TYPES['.map'] : TYPES['.js'],
      body: readFileSync(join(folder, name)),
    }))
}
