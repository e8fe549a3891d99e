/**
 * The operator's own folder of files (`PUBLIC`), which are served beside the server's. All files in it are public but
 * hidden ones, backups and links. `environment.ts` finds the folder, `config.ts` keeps rooms off its paths,
 * `transports/http/own-files.ts` serves it.
 */
import { join } from 'node:path'
import { ConfigError, nameOf } from '../mistakes.ts'
import { filesBelow } from './folder-files.ts'
import { isReservedPath } from './paths.ts'

/**
 * The paths of the folder's files: `/logo.png`. Throws a `ConfigError` if one is a path that the server needs itself.
 * `undefined`: there is no such folder.
 */
export async function filesOf(folder: string | undefined): Promise<ReadonlySet<string>> {
  const paths = await listed(folder)
  const taken = paths.filter(isReservedPath)
  if (folder === undefined || taken.length === 0) return new Set(paths)
  throw new ConfigError(
    taken.map((path) => `${nameOf(join(folder, path))}: the server needs the path ${path} itself; rename this file`),
  )
}

async function listed(folder: string | undefined): Promise<string[]> {
  const paths = folder === undefined ? [] : await filesBelow(folder)
  return paths.filter((path) => !path.endsWith('~'))
}
