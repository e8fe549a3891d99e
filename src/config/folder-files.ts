/** The files below a folder that is served: no hidden ones, and nothing that is reached through a link. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** As paths of a URL: `/icons/door.svg`. A folder that cannot be read has none. */
export async function filesBelow(folder: string, above = ''): Promise<string[]> {
  // Not with `recursive`, which follows links to folders.
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const found = entries
    .filter(({ name }) => !name.startsWith('.'))
    .map((entry) => {
      const path = `${above}/${entry.name}`
      if (entry.isDirectory()) return filesBelow(join(folder, entry.name), path)
      return entry.isFile() ? [path] : []
    })
  return (await Promise.all(found)).flat()
}
