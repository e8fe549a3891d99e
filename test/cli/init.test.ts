/** `corridor init`: a folder that runs, made from nothing or from a project that is there; or a clear no. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { init } from '../../src/cli/init.ts'

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'corridor-init-'))
})
afterEach(() => rmSync(cwd, { recursive: true }))

async function run(...args: string[]) {
  const said = { stdout: '', stderr: '' }
  const into = (name: 'stdout' | 'stderr') => ({ write: (text: string) => (said[name] += text) })
  return { code: await init(args, { stdout: into('stdout'), stderr: into('stderr') }, { cwd }), ...said }
}
const packageIn = (folder: string) => JSON.parse(readFileSync(join(cwd, folder, 'package.json'), 'utf8'))

it('makes a folder with a room, its page, its test and all it needs', async () => {
  const { code, stdout, stderr } = await run('My Rooms')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain('wrote My Rooms/rooms/wave.ts\n')
  expect(stdout).toContain('npm install\n')
  expect(readdirSync(join(cwd, 'My Rooms'), { recursive: true }).map(String).sort()).toEqual([
    ...['.gitignore', 'package.json', 'rooms', 'rooms/rooms.json', 'rooms/rooms.schema.json'],
    ...['rooms/wave.html', 'rooms/wave.test.ts', 'rooms/wave.ts', 'tsconfig.json'],
  ])
  const made = packageIn('My Rooms')
  expect(made).toMatchObject({ name: 'my-rooms', private: true, type: 'module' })
  expect(Object.keys(made.scripts)).toEqual(['start', 'dev', 'check', 'test'])
  expect(Object.keys(made.dependencies)).toEqual(['corridor', 'zod'])
})

it('completes a package.json that is there, and keeps what is its own', async () => {
  const given = {
    name: 'mine',
    type: 'commonjs',
    scripts: { test: 'echo "Error: no test specified" && exit 1', start: 'mine' },
    dependencies: { corridor: 'file:./corridor.tgz', left: '1.0.0' },
  }
  writeFileSync(join(cwd, 'package.json'), JSON.stringify(given))
  writeFileSync(join(cwd, 'tsconfig.json'), '{}')
  const { code, stdout } = await run()
  expect(code).toBe(0)
  expect(stdout).toContain('kept tsconfig.json\n')
  expect(readFileSync(join(cwd, 'tsconfig.json'), 'utf8')).toBe('{}')
  const made = packageIn('.')
  expect(made).toMatchObject({ name: 'mine', type: 'module', scripts: { test: 'tsc && vitest run', start: 'mine' } })
  expect(made.dependencies).toMatchObject({ corridor: 'file:./corridor.tgz', left: '1.0.0' })
  expect(made.devDependencies).toHaveProperty('vitest')
})

it.each([
  [['a', 'b'], 'init: expected the name of a folder, or nothing for this one, got "a b"\n'],
  [['--force'], 'init: expected the name of a folder, or nothing for this one, got "--force"\n'],
  [['taken'], 'init: taken/rooms/rooms.json: is there already; use another folder, or "corridor new-room NAME"\n'],
  [['broken'], /^init: package\.json: /],
])('%j writes nothing', async (args, said) => {
  mkdirSync(join(cwd, 'taken/rooms'), { recursive: true })
  writeFileSync(join(cwd, 'taken/rooms/rooms.json'), '{}')
  mkdirSync(join(cwd, 'broken'))
  writeFileSync(join(cwd, 'broken/package.json'), '{')
  const before = readdirSync(cwd, { recursive: true }).sort()
  const { code, stderr } = await run(...args)
  expect(code).toBe(1)
  expect(stderr).toEqual(typeof said === 'string' ? said : expect.stringMatching(said))
  expect(readdirSync(cwd, { recursive: true }).sort()).toEqual(before)
})
