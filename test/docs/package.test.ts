/** The published package: what `npm pack` makes works where it is installed, without this checkout. */
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
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect } from '../support/client.ts'
import { Process } from '../support/process.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
let user: string

beforeAll(() => {
  user = mkdtempSync(join(tmpdir(), 'corridor-package-'))
  const packed = spawnSync('npm', ['pack', '--json', '--pack-destination', user], { cwd: ROOT, encoding: 'utf8' })
  expect(packed.stderr + packed.stdout).toContain('corridor-')
  const archive = readdirSync(user).find((file) => file.endsWith('.tgz')) ?? ''
  const modules = join(user, 'node_modules')
  mkdirSync(join(modules, 'corridor'), { recursive: true })
  spawnSync('tar', ['-xzf', join(user, archive), '-C', join(modules, 'corridor'), '--strip-components=1'])
  // What it depends on is installed here already.
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name !== 'corridor' && !name.startsWith('.')) symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
  }
  writeFileSync(join(user, 'package.json'), '{ "name": "user", "type": "module" }')
})

afterAll(() => rmSync(user, { recursive: true }))

const corridor = (...args: string[]) => [join(user, 'node_modules/corridor/dist/main.js'), ...args]

it('makes a room, checks it, and serves it beside a room that ships', async () => {
  expect(spawnSync(process.execPath, corridor('new-room', 'quiz'), { cwd: user, encoding: 'utf8' }).stderr).toBe('')
  const rooms = { '/quiz': { module: 'quiz' }, '/chat': { module: 'corridor/rooms/chat' } }
  writeFileSync(join(user, 'rooms/rooms.json'), JSON.stringify({ rooms }))
  const checked = spawnSync(process.execPath, corridor('check'), { cwd: user, encoding: 'utf8' })
  expect(checked.stdout + checked.stderr).toContain('2 rooms, no mistakes')

  const server = new Process(process.execPath, corridor('start'), user, { PORT: '0' })
  try {
    const url = await server.url()
    expect((await fetch(`${url}/client.js`)).status).toBe(200)
    const ann = await connect(`${url.replace('http', 'ws')}/chat?name=ann`)
    ann.send('message', { text: 'hello' }, '1')
    expect(await ann.next('ack')).toMatchObject({ id: '1', seq: 1, kept: 'fsync' })
    ann.terminate()
    server.kill('SIGTERM')
    expect(await server.exited).toEqual({ code: 0, signal: null })
  } finally {
    await server.stop()
  }
})

it('makes a project that runs: its types are right, its test passes, its room and its page are served', async () => {
  const project = join(user, 'my-rooms')
  const run = (command: string, args: string[], cwd: string) => {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
    expect([status, status === 0 || stdout + stderr]).toEqual([0, true])
    return stdout
  }
  expect(run(process.execPath, corridor('init', 'my-rooms'), user)).toContain('wrote my-rooms/package.json\n')
  expect(run(process.execPath, corridor('check'), project)).toContain('2 rooms, no mistakes')
  run(process.execPath, [join(user, 'node_modules/typescript/bin/tsc')], project)
  run(process.execPath, [join(user, 'node_modules/vitest/vitest.mjs'), 'run'], project)

  const server = new Process(process.execPath, corridor('start'), project, { PORT: '0' })
  try {
    const url = await server.url()
    const page = await fetch(`${url}/wave`, { headers: { accept: 'text/html' } })
    expect(await page.text()).toBe(readFileSync(join(project, 'rooms/wave.html'), 'utf8'))
    const ann = await connect(`${url.replace('http', 'ws')}/wave?name=ann`)
    expect(await ann.next('greeting')).toMatchObject({ data: 'hello, ann' })
    ann.terminate()
    server.kill('SIGTERM')
    expect(await server.exited).toEqual({ code: 0, signal: null })
  } finally {
    await server.stop()
  }
})

it('says its version and its verbs', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const run = (...args: string[]) => spawnSync(process.execPath, corridor(...args), { cwd: user, encoding: 'utf8' })
  for (const flag of ['--version', '-v', 'version'])
    expect(run(flag)).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' })
  for (const args of [['help'], ['--help'], ['-h'], [], ['start', '--help'], ['token', '-h']]) {
    const { status, stdout } = run(...args)
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(/^corridor start .*^corridor check .*^corridor --version/ms),
    ])
  }
  expect(run('strat')).toMatchObject({
    status: 1,
    stdout: '',
    stderr: 'corridor: no such verb "strat"; did you mean "start"?\n',
  })
})

it.each([['start'], ['check'], ['token'], ['--version'], []])(
  'on a Node that is too old says so in one line: %s',
  (...args) => {
    const old =
      'Object.defineProperty(process, "versions", { value: { node: "18.20.4" } }); Object.defineProperty(process, "version", { value: "v18.20.4" })'
    const imported = ['--import', `data:text/javascript,${encodeURIComponent(old)}`]
    const { status, stdout, stderr } = spawnSync(process.execPath, [...imported, ...corridor(...args)], {
      cwd: user,
      encoding: 'utf8',
    })
    expect([status, stdout, stderr]).toEqual([
      1,
      '',
      'corridor: expected Node 24 or newer, got v18.20.4; see https://nodejs.org\n',
    ])
  },
)

it('begins with a file that an old Node can read', () => {
  const text = readFileSync(join(user, 'node_modules/corridor/dist/main.js'), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
  // Nothing is imported before the check, and no syntax is younger than ECMAScript 2015, but for import().
  expect(text.replace('export {};', '')).not.toMatch(/^\s*(import|export)\b/m)
  expect(text).not.toMatch(/\?\.|\?\?|\bawait\b|\basync\b|\*\*|\.\.\.|#\w+\s*[=;(]/)
})

it.each(['README.md', 'deploy/README.md', 'docs/LIMITS.md', 'CHANGELOG.md'])('brings what %s links to', (name) => {
  const file = join(user, 'node_modules/corridor', name)
  const links = [...readFileSync(file, 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link ?? '')
  expect(links.filter((link) => !existsSync(join(dirname(file), link)))).toEqual([])
})
