/**
 * Serves the operator's own files: those of the folder `PUBLIC`, and a room's own page (`page` in `rooms.json`). They are
 * read from disk for each request (`@fastify/static`: ranges, validators, types), so that a change is seen at once.
 */
import { basename, dirname } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Clock } from '../../clock.ts'
import { filesOf } from '../../config/public-folder.ts'

/** The folder is listed again when an unknown path is requested, at most this often. */
const LIST_EVERY_MS = 1000
/** Browsers revalidate (RFC 9110, 13.1): an own file may change at any time. */
const CACHE = 'no-cache'

export class OwnFiles {
  readonly #folder: string | undefined
  readonly #clock: Clock
  #paths: ReadonlySet<string> = new Set()
  #listedMs = 0

  private constructor(folder: string | undefined, clock: Clock) {
    this.#folder = folder
    this.#clock = clock
  }

  /** Rejects with a `ConfigError` if a file has a path of the server. */
  static async open(folder: string | undefined, clock: Clock): Promise<OwnFiles> {
    const files = new OwnFiles(folder, clock)
    await files.#list()
    return files
  }

  /** Whether a file has this path of a URL. */
  has(path: string): boolean {
    return this.#paths.size > 0 && this.#paths.has(nameOf(path))
  }

  /** The same, for a path that nothing else has: also for a file that is new. */
  async hasNew(path: string): Promise<boolean> {
    if (this.has(path)) return true
    if (this.#folder === undefined || this.#clock.monotonic() - this.#listedMs < LIST_EVERY_MS) return false
    // A new file with a path of the server is reported at the next start.
    await this.#list().catch(() => {})
    return this.has(path)
  }

  /** Sends the file at a path that it `has`. A file that is gone is answered with 404. */
  send(reply: FastifyReply, path: string): FastifyReply {
    return sendOwn(reply, nameOf(path), this.#folder ?? '')
  }

  async #list(): Promise<void> {
    this.#listedMs = this.#clock.monotonic()
    this.#paths = await filesOf(this.#folder)
  }
}

/** For `sendOwn`. */
export async function ownFileRoutes(app: FastifyInstance): Promise<void> {
  await app.register(fastifyStatic, { serve: false })
}

/** Sends a room's own page. */
export function sendOwnPage(reply: FastifyReply, file: string): FastifyReply {
  return sendOwn(reply, basename(file), dirname(file))
}

/** Without our Content-Security-Policy: it forbids what pages of others may need, such as a script in the page. */
function sendOwn(reply: FastifyReply, name: string, folder: string): FastifyReply {
  reply.removeHeader('Content-Security-Policy').header('Cache-Control', CACHE)
  return reply.sendFile(name, folder, { cacheControl: false, dotfiles: 'ignore', index: false })
}

/** Of a path that `parseTarget` accepted: no part of it is hidden in its encoding. */
function nameOf(path: string): string {
  return path.includes('%') ? decodeURIComponent(path) : path
}
