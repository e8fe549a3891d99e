/**
 * Makes `/client.js`: all files of the client as one readable ES module for browsers. There is no build: types are
 * stripped and the files are concatenated. So two files cannot declare one name, and imports cannot be renamed.
 */
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { extname } from 'node:path'

/** In an order in which each file comes after those it needs at load. */
const FILES = [
  'error',
  'address',
  'frame',
  'cursor',
  'event-buffer',
  'listeners',
  'outbox',
  'liveness',
  'backoff',
  'pause',
  'random-id',
  'refusal',
  'renewal',
  'websocket',
  'event-stream',
  'transport-choice',
  'connector',
  'client',
]

/** Returns the text of `/client.js`, an ES module without imports. */
export function bundleClient(): string {
  const parts = FILES.map(readPart)
  return `${[...parts, 'export { connect, CorridorError }'].join('\n\n')}\n`
}

function readPart(name: string): string {
  // In the published package this file and the others are compiled.
  const extension = extname(import.meta.url)
  const source = readFileSync(new URL(`./${name}${extension}`, import.meta.url), 'utf8')
  const plain = extension === '.ts' ? stripTypeScriptTypes(source) : source
  return (
    plain
      .replace(/^(import|export) [^;'"]*? from ['"].*$/gm, '')
      .replace(/^export /gm, '')
      // Spaces that stripped types leave behind.
      .replace(/[ \t]+$/gm, '')
      .replace(/(?<=\S)( {2,}(?=\()| +(?=[,);]))/g, '')
      .replace(/(?<=\S) {2,}/g, ' ')
      .replace(/^ {11,}(?=\w+$)/gm, '  ')
      .replace(/\n{3,}/g, '\n\n')
      .trim()
  )
}
