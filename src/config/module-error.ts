/**
 * Why a room module cannot be used: one line, with the place in the author's files. `module-loader.ts` throws it;
 * `line-module.ts` adds it to the mistakes of `rooms.json`.
 */
import { execFile } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { nameOf } from '../mistakes.ts'
import { errorOf } from '../thrown.ts'
import { isFile, ModuleGraph } from './module-graph.ts'
import { isFixed } from './module-hooks.ts'

/** Why a module cannot be used, in one line. */
export class ModuleError extends Error {}

/** Why importing `file` failed, and where: the first place in the author's files. */
export async function loadingFailed(error: unknown, file: string): Promise<ModuleError> {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const place = placeIn(stack) ?? (error instanceof SyntaxError ? await syntaxPlace(file) : undefined)
  return new ModuleError(`the module cannot be loaded: ${firstLine(error)} (${place ?? nameOf(file)})`)
}

/** An error's message in one line, without the versions in the URLs of modules. */
export function firstLine(error: unknown): string {
  return (
    errorOf(error)
      .message.trim()
      .split('\n')[0]
      ?.replaceAll(/file:\/\/([^\s'"?]+)(\?v=[\w.]+)?/g, '$1') ?? ''
  )
}

/** The first place in a stack that is in a file of the author: `/rooms/quiz.ts:3`. */
function placeIn(stack: string): string | undefined {
  for (const [, path = '', line] of stack.matchAll(/(?:file:\/\/)?(\/[^\s()?:]+)(?:\?v=[\w.]+)?:(\d+)/g)) {
    const file = decodeURIComponent(path)
    if (isFile(file) && !isFixed(pathToFileURL(file).href)) return `${nameOf(file)}:${line}`
  }
  return undefined
}

/** Node does not report the place of a syntax error in imported JavaScript; `node --check` does. */
async function syntaxPlace(file: string): Promise<string | undefined> {
  for (const part of new ModuleGraph().filesOf(file)) {
    const stderr = await new Promise<string>((done) => {
      execFile(process.execPath, ['--check', part], (_error, _stdout, stderr) => done(stderr))
    })
    const place = placeIn(stderr)
    if (place) return place
  }
  return undefined
}
