/** Rooms that change under a running server: SIGHUP, and `npm run dev`. Only what changed is touched. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { type Client, connect } from '../support/client.ts'
import type { Process } from '../support/process.ts'
import { openProject } from '../support/project.ts'

const room = (says: string) => `import { defineRoom } from 'corridor'
import { answer } from './answer.ts'
export default defineRoom({ open: () => ({ message: (peer, data) => peer.send(answer('${says}', data)) }) })
`
const answerEndingIn = (end: string) =>
  `export const answer = (says: string, data: string | Uint8Array) => says + ' ' + data + '${end}'
`

const project = openProject()

beforeEach(() => {
  project.put('rooms/answer.ts', answerEndingIn(''))
  for (const name of ['one', 'two', 'three']) project.put(`rooms/${name}.ts`, room(name))
})

const wsOf = async (server: Process) => (await server.url()).replace(/^http/, 'ws')

async function answer(client: Client): Promise<string> {
  client.sendText('?')
  return client.nextText()
}

describe('SIGHUP', () => {
  it('opens new rooms, closes removed ones with 1001, restarts changed ones with 1012, and leaves the rest alone', async () => {
    project.putRooms({ '/one': { module: 'one' }, '/two': { module: 'two' }, '/three': { module: 'three' } })
    const server = project.start()
    const ws = await wsOf(server)
    const one = await connect(`${ws}/one`)
    const two = await connect(`${ws}/two`)
    const three = await connect(`${ws}/three`)

    project.put('rooms/four.ts', room('four'))
    project.putRooms({
      '/one': { module: 'one' },
      '/three': { module: 'three', limits: { peers: 5 } },
      '/four': { module: 'four' },
    })
    server.kill('SIGHUP')
    await server.text(/read the rooms again: 3 changed/)
    expect(server.stdout).toMatch(/"\/three restarts".*"\/four opens".*"\/two is removed"/s)

    expect((await two.closed).code).toBe(1001)
    expect((await three.closed).code).toBe(1012)
    expect(await answer(one)).toBe('one ?')
    expect(await answer(await connect(`${ws}/three`))).toBe('three ?')
    expect(await answer(await connect(`${ws}/four`))).toBe('four ?')
    await expect(connect(`${ws}/two`)).rejects.toThrow('404')
  })

  it('restarts a room whose module changed, or a file that the module imports', async () => {
    project.putRooms({ '/one': { module: 'one' }, '/two': { module: 'two' } })
    const server = project.start()
    const ws = await wsOf(server)
    const [one, two] = await Promise.all([connect(`${ws}/one`), connect(`${ws}/two`)])

    project.put('rooms/one.ts', room('uno'))
    server.kill('SIGHUP')
    expect((await one.closed).code).toBe(1012)
    expect(await answer(await connect(`${ws}/one`))).toBe('uno ?')
    expect(await answer(two)).toBe('two ?')

    project.put('rooms/answer.ts', answerEndingIn('!'))
    server.kill('SIGHUP')
    expect((await two.closed).code).toBe(1012)
    expect(await answer(await connect(`${ws}/two`))).toBe('two ?!')
  })

  it('does nothing if nothing changed', async () => {
    project.putRooms({ '/one': { module: 'one' } })
    const server = project.start()
    const one = await connect(`${await wsOf(server)}/one`)
    server.kill('SIGHUP')
    await server.text(/read the rooms again: 0 changed/)
    expect(await answer(one)).toBe('one ?')
  })

  it('with a mistake changes nothing and reports the mistake; it works again once corrected', async () => {
    project.putRooms({ '/one': { module: 'one' } })
    const server = project.start()
    const ws = await wsOf(server)
    const one = await connect(`${ws}/one`)

    project.putRooms({ '/two': { module: 'tow' }, '/three': { module: 'three', titel: 'Three' } })
    server.kill('SIGHUP')
    await server.text(/the rooms stay as they were/)
    expect(server.stdout).toContain('rooms./two.module: expected a room module, found no file')
    expect(server.stdout).toContain('rooms./three.titel: no such key; did you mean \\"title\\"?')
    expect(await answer(one)).toBe('one ?')
    await expect(connect(`${ws}/three`)).rejects.toThrow('404')

    project.put('rooms/rooms.json', '{ "rooms": ')
    server.kill('SIGHUP')
    await server.text(/rooms\.json:1:\d+: .*the rooms stay as they were/s)
    expect(await answer(one)).toBe('one ?')

    project.putRooms({ '/one': { module: 'one' }, '/two': { module: 'two' } })
    server.kill('SIGHUP')
    await server.text(/"\/two opens"/)
    expect(await answer(await connect(`${ws}/two`))).toBe('two ?')
    expect(await answer(one)).toBe('one ?')
  })
})

describe('npm run dev', () => {
  it('opens a room that new-room makes, and restarts it alone when its module changes', async () => {
    project.putRooms({ '/one': { module: 'one' } })
    const server = project.start({}, '--dev')
    const ws = await wsOf(server)
    const one = await connect(`${ws}/one`)

    expect(await project.run(['new-room', 'quiz']).exited).toEqual({ code: 0, signal: null })
    await server.text(/"\/quiz opens"/)
    const ann = await connect(`${ws}/quiz?name=ann`)
    expect(await ann.next('greeting')).toMatchObject({ data: 'hello, ann' })
    ann.send('wave', { at: 'bob' })
    expect(await ann.next('waved')).toMatchObject({ seq: 1, data: { from: 'ann', at: 'bob' } })

    project.put('rooms/quiz.ts', quizThatSays('good day'))
    expect((await ann.closed).code).toBe(1012)
    expect(await (await connect(`${ws}/quiz?name=ann`)).next('greeting')).toMatchObject({ data: 'good day, ann' })
    expect(await answer(one)).toBe('one ?')
  })

  it('keeps a room whose module fails to load, and restarts it when it loads again', async () => {
    project.putRooms({ '/one': { module: 'one' } })
    const server = project.start({}, '--dev')
    const ws = await wsOf(server)
    const one = await connect(`${ws}/one`)
    project.put('rooms/one.ts', `${room('one')}\nexport const = 1\n`)
    await server.text(/the rooms stay as they were/)
    expect(await answer(one)).toBe('one ?')
    project.put('rooms/one.ts', room('mended'))
    expect((await one.closed).code).toBe(1012)
    expect(await answer(await connect(`${ws}/one`))).toBe('mended ?')
  })

  it('keeps the rooms whose helper fails to load, reports where, and restarts them when it loads again', async () => {
    project.putRooms({ '/one': { module: 'one' }, '/two': { module: 'two' } })
    const server = project.start({}, '--dev')
    const ws = await wsOf(server)
    const [one, two] = await Promise.all([connect(`${ws}/one`), connect(`${ws}/two`)])
    project.put('rooms/answer.ts', 'export const answer = () => 1\nexport const = 2\n')
    await server.text(/rooms\/answer\.ts:2.*the rooms stay as they were/s)
    expect([await answer(one), await answer(two)]).toEqual(['one ?', 'two ?'])
    project.put('rooms/answer.ts', answerEndingIn('!'))
    expect([(await one.closed).code, (await two.closed).code]).toEqual([1012, 1012])
    expect(await answer(await connect(`${ws}/one`))).toBe('one ?!')
  })

  it('watches a module outside of the folder of rooms.json too', async () => {
    mkdirSync(join(project.path, '../mine'))
    project.put('../mine/answer.ts', answerEndingIn(''))
    project.put('../mine/game.ts', room('game'))
    project.putRooms({ '/one': { module: 'one' } })
    const server = project.start({}, '--dev')
    const ws = await wsOf(server)
    project.putRooms({ '/game': { module: '../../mine/game' } })
    await server.text(/"\/game opens"/)
    await server.text(/read the rooms again/)
    const game = await connect(`${ws}/game`)
    project.put('../mine/game.ts', room('new game'))
    expect((await game.closed).code).toBe(1012)
    expect(await answer(await connect(`${ws}/game`))).toBe('new game ?')
  })
})

function quizThatSays(greeting: string): string {
  return `import { defineRoom } from 'corridor'
import { z } from 'zod'
export default defineRoom({
  sends: { greeting: z.string() },
  open: () => ({ join: (peer) => peer.send('greeting', '${greeting}, ' + peer.name) }),
})
`
}
