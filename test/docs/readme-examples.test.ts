/** The examples of the README run as they are printed. */
import { spawnSync } from 'node:child_process'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EventDefinition } from 'corridor'
import { openRoom } from 'corridor/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { moduleText, testText } from '../../src/cli/room-template.ts'
import { loadConfig } from '../../src/config/config.ts'
import { connect } from '../support/client.ts'
import { Programs } from '../support/programs.ts'
import { RoomsFolder } from '../support/rooms-folder.ts'
import { startServer } from '../support/server.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const readme = readFileSync(here('../../README.md'), 'utf8')
const folder = new RoomsFolder()
afterAll(() => folder.remove())

const examples = (language: string) =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, text]) => text ?? '')

describe('the room of the README', () => {
  const [module = '', test = ''] = examples('ts')

  it('is what new-room makes, and so is its test', () => {
    expect(module).toBe(moduleText())
    expect(test).toBe(testText('quiz'))
    expect(module.split('\n').filter((line) => line.trim()).length).toBeLessThanOrEqual(24)
  })

  it('runs', async () => {
    folder.put('quiz.ts', module)
    const { mounts } = await folder.load({ rooms: { '/quiz': { module: 'quiz' } } })
    const room = await openRoom(mounts[0]?.definition as EventDefinition, { greeting: 'welcome' })
    const [ann, bob] = [room.join({ name: 'ann' }), room.join({ name: 'bob' })]
    expect(await ann.next('greeting')).toMatchObject({ data: 'welcome, ann' })
    await ann.send('wave', { at: 'bob' })
    expect(await bob.next('waved')).toMatchObject({ data: { from: 'ann', at: 'bob' } })
    await expect(ann.send('wave', { at: '' })).rejects.toMatchObject({ code: 'invalid' })
  })

  it('and its test are what the type checker expects', () => {
    folder.put('quiz.ts', module)
    folder.put('quiz.test.ts', test)
    folder.put('package.json', '{ "type": "module" }')
    symlinkSync(here('../../node_modules'), join(folder.path, 'node_modules'))
    const extended = { extends: here('../../tsconfig.json'), include: ['quiz.ts', 'quiz.test.ts'] }
    writeFileSync(join(folder.path, 'tsconfig.json'), JSON.stringify(extended))
    const tsc = here('../../node_modules/typescript/bin/tsc')
    expect(spawnSync(process.execPath, [tsc, '-p', folder.path], { encoding: 'utf8' }).stdout).toBe('')
  })

  it('speaks as the README shows it', async () => {
    folder.put('quiz.ts', module)
    // With a log on disk, as a start has it.
    const env = { DATA_DIR: join(folder.path, 'data') }
    const server = await startServer({ rooms: { '/quiz': { module: join(folder.path, 'quiz') } }, env })
    const shown = (examples('js')[0] ?? '').matchAll(/^\/\/ (\{.*\})$/gm)
    const ann = await connect(`${server.ws}/quiz?name=ann`)
    ann.sendText(/send\('(.*)'\)/.exec(examples('js')[0] ?? '')?.[1] ?? '')
    for (const [, frame = ''] of shown) {
      const expected = JSON.parse(frame.replaceAll('"…"', '"any"'))
      const got = await ann.next()
      expect(shapeOf(got)).toEqual(shapeOf(expected))
    }
    await ann.close()
    await server.close()
  })

  it('takes part in Socket.IO', async () => {
    folder.put('quiz.ts', module)
    const server = await startServer({ rooms: { '/quiz': { module: join(folder.path, 'quiz') } } })
    const programs = new Programs()
    const page = examples('html').find((text) => text.includes('socket.io')) ?? ''
    await programs.client(/<script>([\s\S]*)<\/script>/.exec(page)?.[1] ?? '', server.port)
    await expect.poll(() => programs.lines.toSorted()).toEqual(['ann waves at bob', 'true'])
    await programs.end()
    await server.close()
  })

  it('answers curl', async () => {
    folder.put('quiz.ts', module)
    const server = await startServer({ rooms: { '/quiz': { module: join(folder.path, 'quiz') } } })
    const lines = (examples('sh')[0] ?? '').trim().split('\n')
    const curl = (line = '') => {
      const [, url = ''] = /'http:\/\/127\.0\.0\.1:3000(\S+)'/.exec(line) ?? []
      const [, name = '', value = ''] = /-H '([^:]+): ([^']+)'/.exec(line) ?? []
      const [, body] = /-d '([^']+)'/.exec(line) ?? []
      return fetch(server.url + url, body ? { method: 'POST', headers: { [name]: value }, body } : {})
    }
    expect(lines).toHaveLength(3)
    const live = (await curl(lines[2])).body?.pipeThrough(new TextDecoderStream()).getReader()
    expect((await curl(lines[0])).status).toBe(204)
    const waved = { type: 'waved', seq: 1, data: { from: 'ann', at: 'bob' } }
    expect(await (await curl(lines[1])).json()).toMatchObject([waved])
    let heard = ''
    while (!heard.includes('"at":"bob"')) heard += (await live?.read())?.value ?? ''
    await live?.cancel()
    await server.close()
  })
})

it('the rooms.json of the README has no mistake', async () => {
  const { rooms, defaults } = JSON.parse(examples('json')[0] ?? '')
  const server = await startServer({ rooms, defaults })
  expect(await (await fetch(server.url)).json()).toMatchObject({
    rooms: Object.keys(rooms).map((path) => ({ path })),
  })
  await server.close()
})

it('the token of the README opens the room that the README locks', async () => {
  const [line, command] = [
    examples('json')[1] ?? '',
    examples('sh').find((text) => text.includes('npm run token')) ?? '',
  ]
  folder.put('chat.ts', `export { default } from ${JSON.stringify(here('../../rooms/chat.ts'))}\n`)
  const file = folder.put('rooms.json', line)
  // As a shell runs it; npm says what it runs before what that prints.
  const script = command.replace('npm run token', 'npm run --silent token').concat('printf %s "$JWT_SECRET"\n')
  const ran = spawnSync('sh', ['-ec', script], {
    cwd: here('../..'),
    encoding: 'utf8',
    env: { ...process.env, ROOMS: file },
  })
  expect([ran.status, ran.stderr]).toEqual([0, ''])
  const [token = '', JWT_SECRET = ''] = ran.stdout.split('\n')
  const config = await loadConfig(file, { variables: { JWT_SECRET } })
  const server = await startServer({ rooms: { '/chat': { module: 'chat', auth: config.mounts[0]?.auth } } })
  const ann = await server.connect('/chat', {}, { headers: { Authorization: `Bearer ${token}` } })
  expect(await ann.next('welcome')).toMatchObject({ data: { you: { id: 'ann', name: 'Ann' } } })
  await ann.close()
  await server.close()
})

/** A value with its texts and numbers left out where they differ from run to run. */
function shapeOf(value: unknown): unknown {
  const volatile = ['id', 'epoch', 'time']
  return JSON.parse(JSON.stringify(value), (key, inner) => (volatile.includes(key) && inner !== '1' ? 'any' : inner))
}
