/**
 * Reads `rooms.json`: the file (`rooms-file.ts`) → its schema → its lines (`room-lines.ts`) → mounts, ready for the
 * router. All mistakes are collected and reported together, each with its place. `server.ts` and `reload.ts` use the
 * result.
 */
import { dirname, resolve } from 'node:path'
import { ConfigError, issueLines, nameOf } from '../mistakes.ts'
import type { Rate } from '../token-bucket.ts'
import { publicFolderOf, variablesOf } from './environment.ts'
import { isObject } from './json-text.ts'
import type { Origins } from './listed-origin.ts'
import { ModuleGraph } from './module-graph.ts'
import type { Mount } from './mount.ts'
import { pathMistakes, publicFiles } from './paths.ts'
import { filesOf } from './public-folder.ts'
import { readLines } from './room-lines.ts'
import { readRooms } from './rooms-file.ts'
import { fileSchema } from './schema.ts'
import { Filled, type Variables } from './variables.ts'

export interface Config {
  readonly mounts: Mount[]
  /** The heartbeat of `defaults`: of a connection that serves several rooms. */
  readonly heartbeatMs: number
  readonly server: {
    readonly limits: {
      readonly peers: number
      readonly handshakes: Rate
      readonly namespaces: number
      readonly bufferedBytes: number
      /** Of the storage of all open rooms. */
      readonly storageBytes: number
      readonly headersTimeoutMs: number
      readonly requestTimeoutMs: number
    }
    readonly socketio: boolean
    readonly origins: Origins
  }
}

interface LoadOptions {
  readonly ownFiles?: ReadonlySet<string>
  readonly variables?: Variables
  readonly graph?: ModuleGraph
}

/**
 * Reads and checks `file` and every module it names. Throws a `ConfigError` with all mistakes. `ownFiles`: the paths of
 * `public/`, which no room may have (default: as they are on disk). `variables`: those that the file may reference
 * (default: the environment). `graph`: collects the files of the modules.
 */
export async function loadConfig(
  file: string,
  { ownFiles, variables = variablesOf(), graph = new ModuleGraph() }: LoadOptions = {},
): Promise<Config> {
  const name = nameOf(file)
  const { value: written, repeated } = await readRooms(file, name)
  const filled = new Filled(written, variables)
  const { value } = filled
  const checked = fileSchema.safeParse(value, { reportInput: true })
  const mistakes = [
    ...repeated.map((path) => `${path.join('.')}: this key stands here twice; keep one`),
    ...filled.mistakes,
    ...(checked.success ? [] : issueLines(checked.error.issues, fileSchema)),
  ]
  const { rooms, defaults } = isObject(value) ? value : {}
  const lines = isObject(rooms) ? rooms : {}
  mistakes.push(...pathMistakes(Object.keys(lines), ownFiles ?? (await servedFiles(file, variables))))
  const read = await readLines(lines, isObject(defaults) ? defaults : {}, mistakes, dirname(resolve(file)), graph)
  mistakes.push(...read.mistakes)
  if (mistakes.length > 0 || !checked.success) {
    const places = filled.mistakes.map((mistake) => mistake.slice(0, mistake.indexOf(': ') + 2))
    const apart = mistakes.filter(
      (line) => filled.mistakes.includes(line) || !places.some((place) => line.startsWith(place)),
    )
    throw new ConfigError(apart.map((line) => `${name}: ${filled.hide(line)}`))
  }
  const { limits, socketio, origins } = checked.data.server
  const { buffered, storage, headersTimeout, requestTimeout, ...counts } = limits
  const inUnits = {
    bufferedBytes: buffered,
    storageBytes: storage,
    headersTimeoutMs: headersTimeout,
    requestTimeoutMs: requestTimeout,
  }
  const heartbeatMs = checked.data.defaults.limits.heartbeat
  return { mounts: read.mounts, heartbeatMs, server: { limits: { ...counts, ...inUnits }, socketio, origins } }
}

/** The paths of the server's files and of the operator's own. */
async function servedFiles(rooms: string, variables: Variables): Promise<ReadonlySet<string>> {
  const [ours, own] = [await publicFiles(), await filesOf(publicFolderOf(rooms, variables))]
  return ours.union(own)
}
