/**
 * `/client.js`: the files of the client as one ES module that a browser loads and a person can read. No build: types are
 * stripped, then the files are set one below the other. So within them a name is used once, and imports are not renamed.
 */
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { extname } from 'node:path'

/** Each before those that need it at load. */
const FILES = [
  'error',
  'address',
  'frame',
  'cursor',
  'reader',
  'listeners',
  'outbox',
  'pulse',
  'backoff',
  'pause',
  'random-id',
  'refusal',
  'websocket',
  'event-stream',
  'road',
  'client',
]

/** The text of `/client.js`, an ES module that imports nothing. */
export function bundleClient(): string {
  const parts = FILES.map(readPart)
  return `${[...parts, 'export { connect, CorridorError }'].join('\n\n')}\n`
}

function readPart(name: string): string {
  // The published package has these files compiled, next to this one compiled.
  const extension = extname(import.meta.url)
  const source = readFileSync(new URL(`./${name}${extension}`, import.meta.url), 'utf8')
  const plain = extension === '.ts' ? stripTypeScriptTypes(source) : source
  return (
    plain
      .replace(/^(import|export) [^;'"]*? from ['"].*$/gm, '')
      .replace(/^export /gm, '')
      // What the types leave behind.
      .replace(/[ \t]+$/gm, '')
      .replace(/(?<=\S)( {2,}(?=\()| +(?=[,);]))/g, '')
      .replace(/(?<=\S) {2,}/g, ' ')
      .replace(/^ {11,}(?=\w+$)/gm, '  ')
      .replace(/\n{3,}/g, '\n\n')
      .trim()
  )
}
