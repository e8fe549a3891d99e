/**
 * docs/CLIENTS.md says what is true: its versions are those that are installed, and its programs run as they are printed.
 * All programs run at the same time, each in a room of its own, over a lost connection and a restart of the server.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { openStage } from '../foreign-npm/stage.ts'
import { post } from '../support/event-stream.ts'
import { Process } from '../support/process.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const page = readFileSync(here('../../docs/CLIENTS.md'), 'utf8')
const ofNpm = /^## From npm\n([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(page)?.[1] ?? ''
const { dependencies, devDependencies } = JSON.parse(readFileSync(here('../../package.json'), 'utf8'))

/** The programs: heading, text of the section, code. */
const programs = ofNpm
  .split(/^### /m)
  .slice(1)
  .map((section) => {
    const name = /^.*/.exec(section)?.[0] ?? ''
    return { name, section, code: /^```js\n([\s\S]*?)^```$/m.exec(section)?.[1] ?? '' }
  })
const shared = programs.find(({ code }) => code.startsWith('// room.js'))
const runnable = programs.filter((program) => program !== shared)

const versionOf = (name: string): string =>
  JSON.parse(readFileSync(here(`../../node_modules/${name}/package.json`), 'utf8')).version

describe('the table', () => {
  const rows = [...ofNpm.matchAll(/^\| \[`([^`]+)`\]\(#([^)]+)\)[^|]*\| ([^ |]+) /gm)].map(
    ([, name = '', anchor = '', version = '']) => ({ name, anchor, version }),
  )

  it('has the version of each client that is installed', () => {
    expect(rows.length).toBe(runnable.length)
    for (const { name, version } of rows) {
      expect(Object.keys({ ...dependencies, ...devDependencies })).toContain(name)
      expect({ name, version }).toEqual({ name, version: versionOf(name) })
    }
  })

  it('has the versions of the Socket.IO clients that are installed', () => {
    const aliases = Object.keys(devDependencies).filter((name) => name.startsWith('socket.io-client'))
    const installed = aliases.map((name) => versionOf(name))
    const [, named = ''] = /`socket\.io-client` ([^:]+) are tested/.exec(page) ?? []
    expect(named.match(/\d+\.\d+\.\d+/g)?.sort()).toEqual(installed.sort())
  })

  it('leads to a program for each', () => {
    const anchors = runnable.map(({ name }) =>
      name
        .toLowerCase()
        .replaceAll(' ', '-')
        .replaceAll(/[^\w-]/g, ''),
    )
    expect(rows.map(({ anchor }) => anchor)).toEqual(anchors)
  })
})

describe('the programs', () => {
  const stage = openStage()
  const folder = mkdtempSync(join(tmpdir(), 'corridor-programs-'))
  const running: Process[] = []
  afterEach(() => Promise.all(running.map((program) => program.stop())))
  afterAll(() => rmSync(folder, { recursive: true }))

  /** Writes the program and `room.js`, with the room of the test instead of `/chat`, and starts it. */
  function start({ section, code }: (typeof programs)[number], index: number) {
    const cwd = join(folder, `${index}`)
    const room = `/r/${index}`
    const placed = (text: string) => text.replaceAll('http://127.0.0.1:3000/chat', `${stage.url}${room}`)
    mkdirSync(cwd)
    symlinkSync(here('../../node_modules'), join(cwd, 'node_modules'))
    writeFileSync(join(cwd, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(cwd, 'room.js'), placed(shared?.code ?? ''))
    writeFileSync(join(cwd, 'program.js'), placed(code))
    // What a browser has.
    writeFileSync(join(cwd, 'browser.js'), 'globalThis.window = globalThis\nglobalThis.document = new EventTarget()\n')
    const flags = [...section.matchAll(/`node (--[\w-]+)`/g)].map(([, flag = '']) => flag)
    const browser = section.includes('For browsers') ? ['--import', './browser.js'] : []
    const program = new Process(process.execPath, [...flags, ...browser, 'program.js'], cwd, {})
    running.push(program)
    return { program, room }
  }

  it('say and hear, and miss and repeat nothing over a lost connection and a restart', async () => {
    expect(shared).toBeDefined()
    const all = runnable.map(start)
    const say = (text: string) =>
      Promise.all(
        all.map(({ room }) => post(`${stage.server.url}${room}?name=ben`, { type: 'message', data: { text } })),
      )
    const heard = (line: string) => Promise.all(all.map(({ program }) => program.text(new RegExp(`^${line}\n`, 'm'))))
    await heard('ann: hello')
    stage.proxy.cut()
    await say('after a lost connection')
    await heard('ben: after a lost connection')
    await stage.restart()
    await say('after a restart')
    await heard('ben: after a restart')
    const expected = 'ann: hello\nben: after a lost connection\nben: after a restart\n'
    const got = all.map(({ program }, index) => [runnable[index]?.name, program.stdout])
    expect(got).toEqual(runnable.map(({ name }) => [name, expected]))
  })
})
