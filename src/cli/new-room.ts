/**
 * `npm run new-room quiz`: writes a working room module, its test, and its line in `rooms.json`. Everything is checked
 * before anything is written; the line comes last, since a running `dev` server then opens the room.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Environment, publicFolderOf, readEnvironment, roomsFile } from '../config/environment.ts'
import { titleOf } from '../config/mount.ts'
import { pathMistakes, publicFiles } from '../config/paths.ts'
import { filesOf } from '../config/public-folder.ts'
import { ConfigError, nameOf, verb } from '../mistakes.ts'
import { errorOf } from '../thrown.ts'
import { type CommandContext, type Terminal, writeSchema } from './check.ts'
import { moduleText, testText } from './room-template.ts'
import { addRoom, EMPTY_ROOMS, roomPaths } from './rooms-text.ts'

const NAME = /^[a-z][a-z0-9-]*(\/[a-z][a-z0-9-]*)*$/
const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs', '.test.ts']

/** Makes a room. `args`: its name, such as `quiz` or `games/quiz`. → the exit code; with 1, nothing was written. */
export async function newRoom(
  args: readonly string[],
  { stdout, stderr }: Terminal,
  context: CommandContext = {},
): Promise<number> {
  try {
    const name = nameFrom(args)
    const rooms = roomsFile(context.env, context.cwd)
    const files = [
      { file: join(dirname(rooms), `${name}.ts`), text: moduleText() },
      { file: join(dirname(rooms), `${name}.test.ts`), text: testText(name) },
    ]
    const text = await withLine(rooms, name, context)
    refuseTaken(rooms, name)
    await write(files, rooms, text)
    if (!existsSync(join(dirname(rooms), 'rooms.schema.json'))) await writeSchema(rooms, stdout)
    for (const { file } of files) stdout.write(`wrote ${nameOf(file)}\n`)
    stdout.write(`wrote ${nameOf(rooms)}: "/${name}"\n\n${nextSteps(name, rooms, context)}`)
    return 0
  } catch (error) {
    const mistakes = error instanceof ConfigError ? error.mistakes : [errorOf(error).message]
    stderr.write(mistakes.map((mistake) => `new-room: ${mistake}\n`).join(''))
    return 1
  }
}

function nameFrom(args: readonly string[]): string {
  const [name, ...more] = args
  if (name !== undefined && NAME.test(name) && more.length === 0) return name
  const got = name === undefined ? 'nothing' : `"${args.join(' ')}"`
  const expected = 'expected a name of small letters, digits and "-", such as quiz or games/quiz'
  throw new ConfigError([`${expected}, got ${got}; write: npm run new-room quiz`])
}

/** The text of `rooms.json` with the new room in it. */
async function withLine(rooms: string, name: string, { env, cwd }: CommandContext): Promise<string> {
  const before = existsSync(rooms) ? await readFile(rooms, 'utf8') : EMPTY_ROOMS
  const taken = roomPaths(before, nameOf(rooms))
  // Only mistakes of the new path: those of other rooms are for `npm run check`.
  const files = (await publicFiles()).union(await filesOf(publicFolderOf(rooms, env, cwd)))
  const mistakes = pathMistakes([...taken, `/${name}`], files).filter(
    (mistake) => mistake.startsWith(`rooms./${name}: `) && !taken.includes(`/${name}`),
  )
  if (taken.includes(`/${name}`)) mistakes.push(`rooms./${name}: is there already; choose another name`)
  if (mistakes.length > 0) throw new ConfigError(mistakes.map((mistake) => `${nameOf(rooms)}: ${mistake}`))
  return addRoom(before, nameOf(rooms), `/${name}`, { module: name, title: titleOf(`/${name}`, name) })
}

function refuseTaken(rooms: string, name: string): void {
  const files = EXTENSIONS.map((extension) => join(dirname(rooms), name + extension))
  const taken = files.find((file) => existsSync(file))
  if (taken) throw new ConfigError([`${nameOf(taken)}: is there already; choose another name, or remove it`])
}

/** Writes all or nothing; `rooms.json` last and in one step, so that a running server never reads half of it. */
async function write(files: { file: string; text: string }[], rooms: string, text: string): Promise<void> {
  const written: string[] = []
  try {
    for (const { file, text } of files) {
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, text, { flag: 'wx' })
      written.push(file)
    }
    await writeFile(`${rooms}.new`, text)
    written.push(`${rooms}.new`)
    await rename(`${rooms}.new`, rooms)
  } catch (error) {
    await Promise.allSettled(written.map((file) => rm(file)))
    throw error
  }
}

function nextSteps(name: string, rooms: string, context: CommandContext): string {
  const steps = [
    [verb('dev'), 'start the server, if it does not run yet'],
    [urlOf(`/${name}`, context), 'open the room'],
    [`npx vitest run ${nameOf(join(dirname(rooms), `${name}.test.ts`))}`, 'run its test'],
  ]
  const width = Math.max(...steps.map(([step = '']) => step.length))
  return `next:\n${steps.map(([step = '', words]) => `  ${step.padEnd(width)}  ${words}\n`).join('')}`
}

/** The room's URL. If the environment is wrong, that of the defaults: `start` reports the mistakes. */
function urlOf(path: string, { env, cwd }: CommandContext): string {
  let at: Pick<Environment, 'host' | 'port' | 'basePath' | 'tls'>
  try {
    at = readEnvironment(env, cwd)
  } catch {
    at = readEnvironment({}, cwd)
  }
  const host = at.host.includes(':') ? `[${at.host}]` : at.host
  return `${at.tls ? 'https' : 'http'}://${host}:${at.port}${at.basePath}${path}`
}
