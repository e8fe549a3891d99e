/**
 * `npm run check`: reads the environment, `rooms.json` and every module as `start` does, without starting a server.
 * Prints the rooms as a table, or every mistake with its place.
 */
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Config, loadConfig } from '../config/config.ts'
import { readEnvironment, roomsFile, variablesOf } from '../config/environment.ts'
import type { Mount } from '../config/mount.ts'
import { schemaText } from '../config/schema-text.ts'
import { inLanguage } from '../localized.ts'
import { ConfigError, nameOf } from '../mistakes.ts'
import { bytesText, durationText } from '../units.ts'

const FLAG = '--write-schema'

/** Where a verb writes its output; `process` is one. */
export interface Terminal {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}

/** Where a command runs: by default in the process's own environment and folder. */
export interface CommandContext {
  readonly env?: Record<string, string | undefined>
  readonly cwd?: string
}

/**
 * Checks what `start` would read. With `--write-schema`, first writes `rooms.schema.json` beside `rooms.json`.
 * → the exit code: 0, or 1 if anything is wrong.
 */
export async function check(
  args: readonly string[],
  { stdout, stderr }: Terminal,
  { env, cwd }: { env?: Record<string, string | undefined>; cwd?: string } = {},
): Promise<number> {
  const unknown = args.find((arg) => arg !== FLAG)
  if (unknown !== undefined) {
    stderr.write(`check: expected nothing or ${FLAG}, got "${unknown}"\n`)
    return 1
  }
  const mistakes: string[] = []
  await collect(mistakes, async () => void readEnvironment(env, cwd))
  const rooms = roomsFile(env, cwd)
  if (args.includes(FLAG)) await collect(mistakes, () => writeSchema(rooms, stdout))
  const config = await collect(mistakes, () => loadConfig(rooms, { variables: variablesOf(env) }))
  if (!config || mistakes.length > 0) {
    stderr.write(mistakes.map((mistake) => `${mistake}\n`).join(''))
    return 1
  }
  stdout.write(
    `${table(config)}\n${nameOf(rooms)}: ${config.mounts.length} ${config.mounts.length === 1 ? 'room' : 'rooms'}, no mistakes\n`,
  )
  return 0
}

/** Writes `rooms.schema.json` beside `rooms.json`. */
export async function writeSchema(rooms: string, stdout: Terminal['stdout']): Promise<void> {
  const file = join(dirname(rooms), 'rooms.schema.json')
  await writeFile(file, schemaText()).catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError([`${nameOf(file)}: expected a place that can be written, got ${error.code ?? error.message}`])
  })
  stdout.write(`wrote ${nameOf(file)}\n`)
}

async function collect<T>(mistakes: string[], read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    mistakes.push(...error.mistakes)
    return undefined
  }
}

function table({ mounts }: Config): string {
  const rows = [['path', 'module', 'kind', 'title', 'history', 'limits'], ...mounts.map(row)]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((cells) => widthOf(cells[column] ?? '')))) ?? []
  const line = (cells: string[]) =>
    cells.map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - widthOf(cell))).join('  ')
  return rows.map((cells) => line(cells).trimEnd()).join('\n')
}

function row({ pattern, module, kind, title, history, limits }: Mount): string[] {
  const { keep, maxAgeMs, replay, durable } = history
  const kept = `${keep} for ${durationText(maxAgeMs)}, replay ${replay}${durable ? '' : ', not durable'}`
  const { peers, payloadBytes, rate } = limits
  const bounds = `${peers} peers, ${bytesText(payloadBytes)}, ${rate.perSecond}/s`
  return [pattern, module, kind, inLanguage(title), kind === 'event' ? kept : '-', bounds]
}

/** The columns of a text on a terminal: an ideograph has two. */
function widthOf(text: string): number {
  return [...text].reduce((width, character) => width + (WIDE.test(character) ? 2 : 1), 0)
}

const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\u{1f300}-\u{1faff}]/u
