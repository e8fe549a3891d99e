/**
 * Hands backups of a running server to who may read its data folder: a local socket answers each request that names the
 * secret in that folder with a copy of the log. The socket itself is not there, so that the folder has nothing but files
 * and can be copied. `corridor backup` asks it; `server.ts` opens it.
 */
import { hash, timingSafeEqual } from 'node:crypto'
import { existsSync, realpathSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { RoomLogger } from '../define.ts'
import type { Log } from '../log/log.ts'
import type { Random } from '../random.ts'
import { errorOf } from '../thrown.ts'

const IN_MEMORY = ':memory:'
const SECRET_FILE = 'backup.secret'

export interface BackupSocket {
  close(): Promise<void>
}

/** How the server of a data folder is asked. */
export interface BackupAccess {
  readonly socketPath: string
  readonly secret: string
}

/** `undefined`: no server runs there, or it has no socket. */
export async function backupAccessOf(folder: string): Promise<BackupAccess | undefined> {
  const file = join(folder, SECRET_FILE)
  return existsSync(file) ? { socketPath: pathOf(folder), secret: await readFile(file, 'utf8') } : undefined
}

/** On Linux the name is not a file at all (unix(7), abstract sockets). */
function pathOf(folder: string): string {
  const name = `corridor-${hash('sha256', realpathSync(folder)).slice(0, 32)}`
  if (process.platform === 'linux') return `\0${name}`
  return process.platform === 'win32' ? `\\\\?\\pipe\\${name}` : join(tmpdir(), `${name}.sock`)
}

/**
 * Opens the socket, unless the log is in memory alone, or not in a folder. If that is not possible, logs why: the
 * operator's path still works.
 */
export async function openBackupSocket(
  folder: string | undefined,
  log: Log,
  random: Random,
  logger: RoomLogger,
): Promise<BackupSocket> {
  if (!log.backup || folder === undefined || folder === IN_MEMORY) return { close: async () => {} }
  const backup = log.backup.bind(log)
  const secret = random.bytes(32).toString('hex')
  const server = createServer((request, response) => {
    if (isSame(request.headers.authorization ?? '', `Bearer ${secret}`)) void answer(response, backup, logger)
    else response.writeHead(401).end()
  })
  const file = join(folder, SECRET_FILE)
  try {
    const path = pathOf(folder)
    // Of a process that was killed: the folder is this server's alone.
    await Promise.all([rm(file, { force: true }), path.endsWith('.sock') && rm(path, { force: true })])
    await listen(server, path)
    await writeFile(file, secret, { mode: 0o600 })
  } catch (err) {
    logger.warn({ err }, 'no socket for "corridor backup" could be opened; use GET /admin/backup')
  }
  return {
    async close() {
      await rm(file, { force: true })
      await close(server)
    },
  }
}

function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => hash('sha256', text, 'buffer')
  return timingSafeEqual(digest(given), digest(expected))
}

/** What is cut off is seen by the client: the last chunk is missing. */
async function answer(
  response: ServerResponse,
  backup: () => AsyncIterable<Uint8Array>,
  logger: RoomLogger,
): Promise<void> {
  try {
    await pipeline(Readable.from(await begun(backup())), response)
    logger.info('a backup was made')
  } catch (error) {
    logger.warn({ err: error }, 'a backup failed')
    if (response.headersSent) response.destroy()
    else response.writeHead(500).end(errorOf(error).message)
  }
}

/** The same bytes, once the first of them are there. Rejects if there will be none. */
export async function begun(bytes: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const iterator = bytes[Symbol.asyncIterator]()
  const first = await iterator.next()
  return (async function* rest() {
    try {
      for (let next = first; !next.done; next = await iterator.next()) yield next.value
    } finally {
      await iterator.return?.()
    }
  })()
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return
  server.closeAllConnections()
  await new Promise<void>((resolve) => server.close(() => resolve()))
}
