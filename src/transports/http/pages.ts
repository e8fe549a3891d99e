/**
 * The files for browsers: the pages of `public/` with their base path (`<base>`), one bundled style and script each, the
 * other files, and the browser client. Made once at start; `static.ts` sends them.
 */
import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { bundleClient } from '../../client/bundle.ts'
import type { Refusal } from '../../errors.ts'
import { Asset } from './asset.ts'
import { bundleScripts } from './bundle.ts'

export interface WebPages {
  readonly lobby: Asset
  readonly room: Asset
  /** The operator's board. It has no data, so it needs no token. */
  readonly operator: Asset
  /** The HTML page of a refusal. */
  failure(refusal: Refusal): string
  readonly client: Asset
  /** The files of `public/` by path, unchanged. */
  readonly files: ReadonlyMap<string, Asset>
  /** The files that pages load, by a path with their hash. */
  readonly hashed: ReadonlyMap<string, Asset>
}

const TYPES: Readonly<Record<string, string> & Record<'.html' | '.css' | '.js', string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
}
const STYLES = /(?:[ \t]*<link rel="stylesheet" href="[^"]+">\n)+/g
const SCRIPTS = /(?:[ \t]*<script type="module" src="[^"]+"[^>]*><\/script>\n)+/g
const OPERATOR_LINK = /[ \t]*<a href="admin\/".*<\/a>\n/
const REFERENCE = /(?:href|src)="([^"]+)"/g

/**
 * `basePath`: `''` or `/sub`; `paths`: the files of `public/`, as `publicFiles` found them; `hasOperator`: whether the lobby
 * leads to the operator's board.
 */
export function loadPages(basePath: string, paths: Iterable<string>, hasOperator = false): WebPages {
  const client = new Asset(bundleClient(), TYPES['.js'])
  const files = new Map(Array.from(paths, (path) => [path, fileOf(path)] as const))
  const hashed = new Map<string, Asset>()
  const textOf = (name: string) => {
    const file = name === 'client.js' ? client : files.get(`/${name}`)
    if (!file) throw new Error(`expected the file ${name} in public/`)
    return String(file.body)
  }
  /** Adds a file under a path with its hash. Returns the path relative to the base. */
  const add = (name: string, asset: Asset) => {
    const extension = extname(name)
    const path = `/assets/${name.slice(0, -extension.length)}-${asset.hash}${extension}`
    hashed.set(path, asset)
    return path.slice(1)
  }
  const page = (name: string) => {
    const css = (all: string) => add(`${name}.css`, new Asset(namesIn(all).map(textOf).join('\n'), TYPES['.css']))
    const js = (all: string) => add(`${name}.js`, new Asset(bundleScripts(namesIn(all), textOf), TYPES['.js']))
    return textOf(`${name}.html`)
      .replace('<base href="/">', `<base href="${basePath}/">`)
      .replace(STYLES, (all) => `    <link rel="stylesheet" href="${css(all)}">\n`)
      .replace(SCRIPTS, (all) => `    <script type="module" src="${js(all)}" blocking="render"></script>\n`)
      .replace(REFERENCE, (whole, name: string) => {
        const file = files.get(`/${name}`)
        return file ? whole.replace(name, add(name, file)) : whole
      })
  }
  const html = (text: string) => new Asset(text, TYPES['.html'])
  const [missing, failed] = [page('404'), page('error')]
  return {
    client,
    files,
    hashed,
    lobby: html(hasOperator ? page('index') : page('index').replace(OPERATOR_LINK, '')),
    operator: html(page('operator')),
    room: html(page('room')),
    failure: (refusal) => (refusal.status === 404 ? missing : failurePage(failed, refusal)),
  }
}

function fileOf(path: string): Asset {
  const body = readFileSync(new URL(`../../../public${path}`, import.meta.url))
  return new Asset(body, TYPES[extname(path)] ?? 'application/octet-stream')
}

function namesIn(elements: string): string[] {
  return Array.from(elements.matchAll(REFERENCE), ([, name = '']) => name)
}

/** `error.html` with the sentence for this status, its code and message. */
function failurePage(html: string, { status, code, message }: Refusal): string {
  const kind = [400, 401, 403, 429, 503].includes(status) ? status : status < 500 ? 400 : 500
  return html
    .replace(/[ \t]*<p data-status="(\d+)".*<\/p>\n/g, (line, of: string) => (of === String(kind) ? line : ''))
    .replace('{code}', () => escaped(`${status} ${code}`))
    .replace('{message}', () => escaped(message))
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
