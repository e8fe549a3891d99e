/** The examples of `docs/SOCKETIO.md` run as they are printed: Socket.IO's own, and ours, which must print the same. */

import { spawnSync } from 'node:child_process'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Block, type Section, sectionsOf } from '../support/markdown.ts'
import { Programs } from '../support/programs.ts'
import { RoomsFolder } from '../support/rooms-folder.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { SECRET, sign } from '../support/tokens.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const PAGE = here('../../docs/SOCKETIO.md')
const sections = sectionsOf(PAGE)
const folder = new RoomsFolder()
afterAll(() => folder.remove())

/** Blocks that a test has run; at the end all. */
const done = new Set<Block>()
function block(section: Section, name: string | RegExp): Block {
  const found = section.blocks.find((one) => (typeof name === 'string' ? one.name === name : name.test(one.name)))
  if (!found) throw new Error(`expected a block "${name}" under "${section.heading}" in docs/SOCKETIO.md`)
  done.add(found)
  return found
}
function only(section: Section, language: string): string {
  const [found, ...more] = section.blocks.filter((one) => one.language === language)
  if (!found || more.length > 0) throw new Error(`expected one block of ${language} under "${section.heading}"`)
  done.add(found)
  return found.text
}
function section(heading: string): Section {
  const found = sections.find((one) => one.heading === heading)
  if (!found) throw new Error(`expected a section "${heading}" in docs/SOCKETIO.md`)
  return found
}

let programs: Programs
let server: TestServer | undefined
beforeEach(() => {
  programs = new Programs()
})
afterEach(async () => {
  await programs.end()
  await server?.close()
  server = undefined
})

/** A server with the rooms of a section, their modules as printed. */
async function startRooms({ heading }: Section): Promise<TestServer> {
  const { blocks } = section(heading)
  for (const module of blocks.filter(({ language }) => language === 'ts')) {
    done.add(module)
    folder.put(module.name.replace('after: rooms/', ''), module.text)
  }
  const { rooms } = JSON.parse(only(section(heading), 'json').replace(/\$\{JWT_SECRET\}/, SECRET))
  for (const line of Object.values<{ module: string }>(rooms)) line.module = join(folder.path, line.module)
  server = await startServer({ rooms })
  return server
}

const talk = () => startRooms(section('A chat, before and after'))

describe('every section with a before and an after', () => {
  const both = sections.filter(({ blocks }) => blocks.some(({ name }) => name.startsWith('before: ')))

  it.each(both.map((one) => [one.heading, one] as const))('prints the same (%s)', async (_, one) => {
    const expected = only(one, 'text').split('\n').slice(0, -1)
    const guests = one.blocks.some(({ text }) => text.includes('auth: { token }'))
      ? [await sign({ sub: 'a', name: 'Ann', role: 'player' }), await sign({ sub: 'b', name: 'Ben' })]
      : [undefined]
    const play = async (client: string, port: number) => {
      programs.lines.length = 0
      for (const [index, token] of guests.entries()) {
        await programs.client(client, port, { token })
        if (index < guests.length - 1) await expect.poll(() => programs.lines.length).toBe(index + 1)
      }
      await expect.poll(() => programs.lines).toEqual(expected)
    }
    const env = { env: { JWT_SECRET: SECRET } }
    await play(
      block(one, 'before: client.js').text,
      await programs.server(block(one, 'before: server.js').text, { process: env }),
    )
    await play(block(one, 'after: client.js').text, (await startRooms(one)).port)
  })
})

it('an older client resumes with its offset', async () => {
  const one = section('Connection state recovery')
  const { port, connect } = await talk()
  const ben = await connect('/talk', { name: 'ben' })
  await programs.client(block(one, 'client.js').text, port)
  const [socket] = programs.sockets
  await expect.poll(() => socket?.connected).toBe(true)
  ben.send('message', 'one')
  ben.send('message', 'two')
  await expect.poll(() => programs.lines.length).toBe(2)
  socket?.io.engine.close()
  ben.send('message', 'three', '1')
  await ben.next('ack')
  await expect.poll(() => programs.lines).toEqual(only(one, 'text').split('\n').slice(0, -1))
  await ben.close()
})

it.each([
  ['A message that is sent again', talk],
  ['When it is refused, and when it ends', talk],
  ['Bytes', () => startServer().then((started) => (server = started))],
])('prints what the page says (%s)', async (heading, start) => {
  const one = section(heading)
  const { port } = await start()
  await programs.client(block(one, 'client.js').text, port)
  await expect.poll(() => programs.lines).toEqual(only(one, 'text').split('\n').slice(0, -1))
})

it('a post speaks to them', async () => {
  const one = section('From elsewhere')
  const { url, connect } = await talk()
  const ann = await connect('/talk')
  const [, type = '', body = '', path = ''] =
    /^curl -H 'Content-Type: (\S+)' -d '([^']+)' 'http:\/\/127\.0\.0\.1:3000([^']+)'$/m.exec(only(one, 'sh')) ?? []
  expect((await fetch(url + path, { method: 'POST', headers: { 'Content-Type': type }, body })).status).toBe(204)
  expect(await ann.next('message')).toMatchObject({ data: { from: 'cron', text: 'from a script' } })
  await ann.close()
})

it('the page of the head chats', async () => {
  server = await startServer()
  const html = only(section('Socket.IO clients'), 'html')
  const [bundle = '', script = ''] = [/src="http:\/\/127\.0\.0\.1:3000([^"]+)"/, /<script>([\s\S]*)<\/script>/].map(
    (part) => part.exec(html)?.[1] ?? '',
  )
  const { status, headers } = await fetch(server.url + bundle)
  expect([status, headers.get('Content-Type')]).toEqual([200, expect.stringMatching(/^(text|application)\/javascript/)])
  await programs.client(script, server.port)
  await expect.poll(() => programs.lines).toEqual(['ann: hello'])
})

it('names the files of the client that the server serves', async () => {
  server = await startServer()
  const names = [...readFileSync(PAGE, 'utf8').matchAll(/`(socket\.io[\w.]*\.js)`/g)].map(([, name]) => name)
  expect(names.length).toBe(3)
  for (const name of names) {
    for (const file of [name, `${name}.map`])
      expect([file, (await fetch(`${server.url}/socket.io/${file}`)).status]).toEqual([file, 200])
  }
})

it('the rooms are what the type checker expects', () => {
  const modules = sections.flatMap(({ blocks }) => blocks.filter(({ language }) => language === 'ts'))
  for (const { name, text } of modules) folder.put(name.replace('after: rooms/', ''), text)
  folder.put('package.json', '{ "type": "module" }')
  symlinkSync(here('../../node_modules'), join(folder.path, 'node_modules'))
  const include = modules.map(({ name }) => name.replace('after: rooms/', ''))
  writeFileSync(join(folder.path, 'tsconfig.json'), JSON.stringify({ extends: here('../../tsconfig.json'), include }))
  const tsc = here('../../node_modules/typescript/bin/tsc')
  expect(spawnSync(process.execPath, [tsc, '-p', folder.path], { encoding: 'utf8' }).stdout).toBe('')
})

it('and no block is left out, and every link leads somewhere', () => {
  const left = sections.flatMap(({ heading, blocks }) =>
    blocks.filter((one) => !done.has(one)).map(({ language, name }) => `${heading}: ${language} ${name}`),
  )
  expect(left).toEqual([])
  const links = [...readFileSync(PAGE, 'utf8').matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, file]) => file ?? '')
  for (const file of links.filter((file) => !file.startsWith('http')))
    expect(() => readFileSync(join(here('../../docs'), file))).not.toThrow()
})
