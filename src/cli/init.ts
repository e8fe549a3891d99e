/**
 * `corridor init my-rooms`: makes a folder that runs: a project with a room, its page and its test. A `package.json` that is
 * there is completed; every other file is written only if none of its name is there.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { schemaText } from '../config/schema-text.ts'
import { ConfigError } from '../mistakes.ts'
import { errorOf } from '../thrown.ts'
import type { CommandContext, Terminal } from './check.ts'
import { FIRST_ROOM, IGNORED, pageText, roomsText, tsconfigText } from './init-template.ts'
import { packageText } from './project-package.ts'
import { moduleText, testText } from './room-template.ts'

/** Makes the project. `args`: the folder, by default the working directory. → the exit code; with 1, nothing was written. */
export async function init(
  args: readonly string[],
  { stdout, stderr }: Terminal,
  { cwd = process.cwd() }: CommandContext = {},
): Promise<number> {
  try {
    const [name = '.', ...more] = args
    if (more.length > 0 || name.startsWith('-'))
      throw new ConfigError([`expected the name of a folder, or nothing for this one, got "${args.join(' ')}"`])
    const folder = resolve(cwd, name)
    const files = filesOf()
    const taken = Object.keys(files).find((file) => file.startsWith('rooms/') && existsSync(join(folder, file)))
    if (taken)
      throw new ConfigError([`${join(name, taken)}: is there already; use another folder, or "corridor new-room NAME"`])
    const file = join(folder, 'package.json')
    const before = existsSync(file) ? await readFile(file, 'utf8') : undefined
    const text = packageText(folder, before)
    await mkdir(folder, { recursive: true })
    for (const [path, content] of Object.entries({ ...files, 'package.json': text })) {
      const isKept = path !== 'package.json' && existsSync(join(folder, path))
      if (!isKept) await put(join(folder, path), content)
      stdout.write(`${isKept ? 'kept' : 'wrote'} ${join(relative(cwd, folder), path)}\n`)
    }
    stdout.write(placeNote(text))
    stdout.write(nextSteps(relative(cwd, folder)))
    return 0
  } catch (error) {
    const mistakes = error instanceof ConfigError ? error.mistakes : [errorOf(error).message]
    stderr.write(mistakes.map((mistake) => `init: ${mistake}\n`).join(''))
    return 1
  }
}

/** `package.json` aside. */
function filesOf(): Record<string, string> {
  return {
    '.gitignore': IGNORED,
    'tsconfig.json': tsconfigText(),
    'rooms/rooms.json': roomsText(),
    'rooms/rooms.schema.json': schemaText(),
    [`rooms/${FIRST_ROOM}.ts`]: moduleText(),
    [`rooms/${FIRST_ROOM}.test.ts`]: testText(FIRST_ROOM),
    [`rooms/${FIRST_ROOM}.html`]: pageText(),
  }
}

async function put(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
}

/** A project that is copied to another machine does not find a file of this one. */
function placeNote(text: string): string {
  const { corridor } = JSON.parse(text).dependencies
  return corridor.startsWith('file:') ? `\npackage.json takes corridor from this machine: ${corridor}\n` : ''
}

function nextSteps(folder: string): string {
  const steps = [
    ...(folder === '' ? [] : [[`cd ${folder}`, '']]),
    ['npm install', ''],
    ['npm test', 'check the types, and test the room'],
    ['npm start', `start the server; the room is at http://127.0.0.1:3000/${FIRST_ROOM}`],
  ]
  return `\nnext:\n${steps.map(([step = '', words = '']) => `  ${step.padEnd(12)}  ${words}`.trimEnd()).join('\n')}\n`
}
