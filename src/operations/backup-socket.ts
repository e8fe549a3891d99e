/**
 * Hands backups of a running server to who may write in its data folder: a socket in that folder, which answers each
 * request with a copy of the log. `corridor backup` asks it; `server.ts` opens it.
 */
import { chmod, rm } from 'node:fs/promises'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { RoomLogger } from '../define.ts'
import type { Log } from '../log/log.ts'
import { errorOf } from '../thrown.ts'

const IN_MEMORY = ':memory:'
/** A longer path of a socket is cut off or refused. */
const MAX_PATH_BYTES = 103

export interface BackupSocket {
  close(): Promise<void>
}

/** Where the socket of a data folder is. */
export function backupSocketOf(folder: string): string {
  return join(folder, 'backup.sock')
}

/**
 * Opens the socket, unless the log is in memory alone. If that is not possible, logs why: the operator's path still works.
 */
export async function openBackupSocket(folder: string, log: Log, logger: RoomLogger): Promise<BackupSocket> {
  if (!log.backup || folder === IN_MEMORY) return { close: async () => {} }
  const path = backupSocketOf(folder)
  const backup = log.backup.bind(log)
  const server = createServer((_, response) => void answer(response, backup, logger))
  try {
    if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw new Error(`expected a path of at most ${MAX_PATH_BYTES} bytes`)
    // Of a process that was killed: the folder is this server's alone.
    await rm(path, { force: true })
    await listen(server, path)
    await chmod(path, 0o600)
  } catch (err) {
    logger.warn({ err }, 'no socket for "corridor backup" could be opened in the data folder; use GET /admin/backup')
  }
  return { close: () => close(server) }
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
