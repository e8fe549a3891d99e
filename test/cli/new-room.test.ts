/** `npm run new-room`: a module, its test and its line; or a clear no, and nothing written. */
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { newRoom } from '../../src/cli/new-room.ts'
import { loadConfig } from '../../src/config/config.ts'
import { schemaText } from '../../src/config/schema-text.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const parent = mkdtempSync(join(tmpdir(), 'corridor-new-room-'))
let cwd: string
afterAll(() => rmSync(parent, { recursive: true }))
beforeEach(() => {
  cwd = mkdtempSync(join(parent, 'project-'))
  mkdirSync(join(cwd, 'rooms'))
})

const read = (name: string) => readFileSync(join(cwd, 'rooms', name), 'utf8')
const write = (name: string, text: string) => writeFileSync(join(cwd, 'rooms', name), text)
const files = () => readdirSync(join(cwd, 'rooms'), { recursive: true }).map(String).sort()

/** Runs the verb. */
async function make(args: string[], env: Record<string, string> = {}) {
  const said = { stdout: '', stderr: '' }
  const into = (name: 'stdout' | 'stderr') => ({ write: (text: string) => (said[name] += text) })
  const code = await newRoom(args, { stdout: into('stdout'), stderr: into('stderr') }, { env, cwd })
  return { code, ...said }
}

describe('new-room', () => {
  it('makes a module, its test and its line, and says what to do next', async () => {
    write('rooms.json', '{\n  "rooms": {}\n}\n')
    const { code, stdout, stderr } = await make(['quiz'], { PORT: '8080', BASE_PATH: '/sub', HOST: '::1' })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(files()).toEqual(['quiz.test.ts', 'quiz.ts', 'rooms.json', 'rooms.schema.json'])
    expect(stdout).toContain(`wrote ${join(cwd, 'rooms/quiz.ts')}\n`)
    expect(stdout).toContain('npm run dev')
    expect(stdout).toContain('http://[::1]:8080/sub/quiz')
    expect(stdout).toContain(`npx vitest run ${join(cwd, 'rooms/quiz.test.ts')}`)

    const { mounts } = await loadConfig(join(cwd, 'rooms/rooms.json'))
    expect(mounts).toMatchObject([{ pattern: '/quiz', module: 'quiz', title: 'Quiz', kind: 'event' }])
  })

  it('makes rooms.json and its schema where there is none', async () => {
    rmSync(join(cwd, 'rooms'), { recursive: true })
    expect((await make(['games/word-quiz'])).code).toBe(0)
    expect(read('rooms.json')).toBe(`{
  "$schema": "./rooms.schema.json",
  "rooms": {
    "/games/word-quiz": { "module": "games/word-quiz", "title": "Word quiz" }
  }
}
`)
    expect(read('rooms.schema.json')).toBe(schemaText())
    expect(files()).toContain(join('games', 'word-quiz.test.ts'))
    expect((await loadConfig(join(cwd, 'rooms/rooms.json'))).mounts).toHaveLength(1)
  })

  it('makes a module and a test that pass types, format and the test itself', async () => {
    await make(['quiz'])
    symlinkSync(here('../../node_modules'), join(cwd, 'node_modules'))
    writeFileSync(join(cwd, 'package.json'), '{ "type": "module" }')
    writeFileSync(
      join(cwd, 'tsconfig.json'),
      JSON.stringify({ extends: here('../../tsconfig.json'), include: ['rooms'] }),
    )
    const tool = (path: string, ...args: string[]) =>
      spawnSync(process.execPath, [here(`../../node_modules/${path}`), ...args], { cwd, encoding: 'utf8' })

    expect(tool('typescript/bin/tsc', '--noEmit')).toMatchObject({ status: 0, stdout: '' })
    for (const name of ['quiz.ts', 'quiz.test.ts']) {
      const input = read(name)
      const args = [
        here('../../node_modules/@biomejs/biome/bin/biome'),
        'check',
        '--write',
        `--stdin-file-path=rooms/${name}`,
      ]
      const biome = spawnSync(process.execPath, args, { cwd: here('../..'), input, encoding: 'utf8' })
      expect(biome).toMatchObject({ status: 0, stdout: input })
    }
    const vitest = tool('vitest/vitest.mjs', 'run', '--root', cwd, '--config', here('../../vitest.config.ts'))
    expect(vitest.stdout + vitest.stderr).toMatch(/Tests .*2 passed/)
  })
})

describe('the line', () => {
  const line = '"/quiz": { "module": "quiz", "title": "Quiz" }'

  it.each([
    [
      '{\n  "rooms": {\n    "/a": { "module": "a" }\n  },\n  "server": {}\n}\n',
      `{\n  "rooms": {\n    "/a": { "module": "a" },\n    ${line}\n  },\n  "server": {}\n}\n`,
    ],
    ['{\n\t"rooms": {\n\t\t"/a":\t{}\n\n\t}\n}', `{\n\t"rooms": {\n\t\t"/a":\t{},\n\t\t${line}\n\n\t}\n}`],
    ['{\r\n  "rooms": {\r\n    "/a": {}\r\n  }\r\n}', `{\r\n  "rooms": {\r\n    "/a": {},\r\n    ${line}\r\n  }\r\n}`],
    ['{"rooms":{"/a":{}}}', `{"rooms":{"/a":{}, ${line}}}`],
    ['{"rooms":{}}', `{"rooms":{ ${line} }}`],
    ['{\n  "rooms": {\n  }\n}', `{\n  "rooms": {\n    ${line}\n  }\n}`],
    ['\uFEFF{ "rooms": { "/a}\\"": {} } }', `\uFEFF{ "rooms": { "/a}\\"": {}, ${line} } }`],
  ])('goes into %j and leaves the rest as it was', async (before, after) => {
    write('rooms.json', before)
    expect((await make(['quiz'])).code).toBe(0)
    expect(read('rooms.json')).toBe(after)
    expect(JSON.parse(after.replace('\uFEFF', '')).rooms['/quiz']).toEqual({ module: 'quiz', title: 'Quiz' })
  })
})

describe('a no', () => {
  it.each([
    [[], 'got nothing; write: npm run new-room quiz'],
    [['Quiz'], 'expected a name of small letters, digits and "-", such as quiz or games/quiz, got "Quiz"'],
    [['../quiz'], 'got "../quiz"'],
    [['/quiz'], 'got "/quiz"'],
    [['quiz/'], 'got "quiz/"'],
    [['a', 'b'], 'got "a b"'],
    [['healthz'], 'rooms./healthz: the server needs this path itself; choose another'],
    [['taken'], 'rooms./taken: is there already; choose another name'],
    [['old'], 'old.js: is there already; choose another name, or remove it'],
  ])('to %j says why, and writes nothing', async (args, words) => {
    const before = '{ "rooms": { "/taken": { "module": "old" } } }'
    write('rooms.json', before)
    write('old.js', 'export default {}')
    const { code, stdout, stderr } = await make(args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(words)
    expect(stderr.trimEnd()).not.toContain('\n')
    expect(files()).toEqual(['old.js', 'rooms.json'])
    expect(read('rooms.json')).toBe(before)
  })

  it.each([
    ['{ "rooms": { }', 'rooms.json:1:15: expected "," or "}", got the end of the file'],
    ['{ "rooms": [] }', 'rooms.json: rooms: expected an object {…}; write "rooms": {} into it'],
    ['{ }', 'rooms.json: rooms: expected an object {…}; write "rooms": {} into it'],
  ])('to a rooms.json of %j says where it is broken', async (text, words) => {
    write('rooms.json', text)
    const { code, stderr } = await make(['quiz'])
    expect(code).toBe(1)
    expect(stderr).toContain(words)
    expect(existsSync(join(cwd, 'rooms/quiz.ts'))).toBe(false)
  })

  it('where rooms.json cannot be written takes back what it wrote', async () => {
    mkdirSync(join(cwd, 'rooms/rooms.json.new'))
    write('rooms.json', '{ "rooms": {} }')
    const { code, stderr } = await make(['quiz'])
    expect(code).toBe(1)
    expect(stderr).toContain('EISDIR')
    expect(files()).toEqual(['rooms.json', 'rooms.json.new'])
  })
})
