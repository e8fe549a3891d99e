/** `npm run check`, run as a command: a table and 0, or every mistake and 1. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RoomsFolder } from '../support/rooms-folder.ts'

const source = new URL('../../src/cli/check.ts', import.meta.url).href
let rooms: RoomsFolder
let folder: string
beforeEach(() => {
  rooms = new RoomsFolder()
  folder = rooms.path
})
afterEach(() => rooms.remove())

describe('npm run check', () => {
  const check = async (env: Record<string, string> = {}, ...args: string[]) => {
    const script = `import { check } from '${source}'
      process.exitCode = await check(${JSON.stringify(args)}, process, { env: ${JSON.stringify(env)}, cwd: ${JSON.stringify(folder)} })`
    return new Promise<{ code: unknown; stdout: string; stderr: string }>((done) => {
      execFile(process.execPath, ['--input-type=module', '-e', script], { cwd: folder }, (error, stdout, stderr) =>
        done({ code: error?.code ?? 0, stdout, stderr }),
      )
    })
  }

  it('prints the rooms as a table and ends with 0', async () => {
    rooms.put(
      'rooms/rooms.json',
      '{ "rooms": { "/a": { "module": "a", "title": "聊天" }, "/r/:name": { "module": "b" } } }',
    )
    rooms.put('rooms/a.ts', 'export default { open() {} }')
    rooms.put('rooms/b.ts', 'export default { open() {}, sends: {} }')
    expect(await check()).toEqual({
      code: 0,
      stderr: '',
      stdout: `path      module  kind   title  history                  limits
/a        a       raw    聊天   -                        10000 peers, 64KiB, 20/s
/r/:name  b       event  B      10000 for 7d, replay 50  10000 peers, 64KiB, 20/s
rooms/rooms.json: 2 rooms, no mistakes
`,
    })
  })

  it('prints every mistake, of environment, file and modules, and ends with 1', async () => {
    rooms.put('rooms/rooms.json', '{ "rooms": { "/a": { "module": "a", "titel": "A" } } }')
    rooms.put('rooms/a.ts', '\nthrow new Error("boom")')
    expect(await check({ PORT: 'x' })).toEqual({
      code: 1,
      stdout: '',
      stderr: `PORT: expected a whole number from 0 to 65535, got "x"
rooms/rooms.json: rooms./a.titel: no such key; did you mean "title"?
rooms/rooms.json: rooms./a.module: the module cannot be loaded: boom (rooms/a.ts:2)
`,
    })
  })

  it('refuses what a start would refuse', async () => {
    rooms.put('rooms/rooms.json', '{ "rooms": {} }')
    expect(await check({ REDIS_URL: 'redis://localhost/x' })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('REDIS_URL: '),
    })
  })

  it('fills in the variables it is given, and writes none of them into the schema', async () => {
    rooms.put(
      'rooms/rooms.json',
      `{ "rooms": { "/a": { "module": "a", "title": "\${TITLE}", "auth": { "secret": "\${KEY}" } } } }`,
    )
    rooms.put('rooms/a.ts', 'export default { open() {} }')
    const env = { TITLE: 'Our room', KEY: 'hunter2'.repeat(8) }
    const { code, stdout, stderr } = await check(env, '--write-schema')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('Our room')
    expect(stdout + readFileSync(join(folder, 'rooms/rooms.schema.json'), 'utf8')).not.toContain('hunter2')
  })

  it('writes rooms.schema.json to the path it is given', async () => {
    rooms.put('rooms/rooms.json', '{ "rooms": {} }')
    expect(await check({}, '--write-schema')).toMatchObject({ code: 0 })
    const shipped = fileURLToPath(new URL('../../rooms/rooms.schema.json', import.meta.url))
    expect(readFileSync(join(folder, 'rooms/rooms.schema.json'), 'utf8')).toBe(readFileSync(shipped, 'utf8'))
    expect(await check({}, '--wirte')).toMatchObject({ code: 1, stderr: expect.stringContaining('got "--wirte"') })
  })
})
