/**
 * The files a browser asks for: the pages of `public/`, told where they stand (`<base>`), and the browser client with
 * its types stripped. Read once at start; `transports/http.ts` serves them.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bundleClient } from './client/bundle.ts'

export interface Pages {
  /** The folder whose files are served as they are. */
  readonly folder: string
  readonly lobby: string
  readonly room: string
  readonly missing: string
  readonly client: string
}

/** `basePath`: `''` or `/sub`. */
export function loadPages(basePath: string): Pages {
  const page = (name: string) => read(`../public/${name}`).replace('<base href="/">', `<base href="${basePath}/">`)
  return {
    folder: fileURLToPath(new URL('../public/', import.meta.url)),
    lobby: page('index.html'),
    room: page('room.html'),
    missing: page('404.html'),
    client: bundleClient(),
  }
}

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8')
}
