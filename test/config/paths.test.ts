/** Which paths may be rooms. */
import { symlinkSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/config.ts'
import { isOwnPath, publicFiles } from '../../src/config/paths.ts'
import { RoomsFolder, rawRooms } from '../support/rooms-folder.ts'

let folder: RoomsFolder
beforeEach(() => {
  folder = new RoomsFolder()
})
afterEach(() => folder.remove())

describe('paths', () => {
  it('may be static or have parameters, and a static one stands beside them', async () => {
    const paths = ['/', '/:name', '/r/:name', '/r/lobby', '/r/:a/:b_2', '/a.b/c-d_~@!$+,=']
    expect((await folder.load(rawRooms(...paths))).mounts.map(({ pattern }) => pattern)).toEqual(paths)
  })

  it.each([
    ['chat', 'expected a path that begins with "/"; write "/chat"'],
    ['/chat/', 'expected no "/" at the end; write "/chat"'],
    ['/a//b', 'expected no empty segment ("//")'],
    ['/a/../b', 'expected no ".." in a path'],
    ['/./b', 'expected no "." in a path'],
    ['/a?b=1', 'expected a path alone, without "?" or "#"'],
    ['/a%20b', 'expected the segment "a%20b" without percent-encoding'],
    ['/a b', 'expected a segment of letters, digits and ._~!$+,=@- or a parameter such as ":name", got "a b"'],
    ['/*', 'expected a segment of letters, digits and ._~!$+,=@- or a parameter such as ":name", got "*"'],
    ['/r/:', 'expected a parameter such as ":name" (a letter or "_", then letters, digits, "_"), got ":"'],
    ['/r/:a-:b', 'expected a parameter such as ":name" (a letter or "_", then letters, digits, "_"), got ":a-:b"'],
    ['/r/x:a', 'expected a segment of letters, digits and ._~!$+,=@- or a parameter such as ":name", got "x:a"'],
    ['/:a/:a', 'expected each parameter once'],
    ['/r/:__proto__', 'expected a parameter of another name than "__proto__"'],
  ])('"%s" is refused', async (path, mistake) => {
    expect(await folder.mistakes(rawRooms(path))).toEqual([`rooms.${path}: ${mistake}`])
  })

  it('that match the same are refused', async () => {
    expect(await folder.mistakes(rawRooms('/r/:a', '/r/:b', '/r/:a/x', '/r/:b/x'))).toEqual([
      'rooms./r/:b: matches the same paths as "/r/:a"; keep one of them',
      'rooms./r/:b/x: matches the same paths as "/r/:a/x"; keep one of them',
    ])
  })

  it.each([
    '/healthz',
    '/readyz',
    '/metrics',
    '/asyncapi.json',
    '/client.js',
    '/socket.io',
    '/socket.io/:x',
    '/admin',
    '/admin/:x',
    '/docs/a/b',
    '/a/b.css',
  ])('%s is refused, the server needs it', async (path) => {
    const file = folder.put('rooms.json', JSON.stringify(rawRooms(path)))
    await expect(loadConfig(file, { ownFiles: new Set(['/a/b.css']) })).rejects.toThrow(
      `rooms.${path}: the server needs this path itself; choose another`,
    )
  })

  it('are the server\'s own also where a pattern such as "/:name" matches them', async () => {
    const files = new Set(['/style.css'])
    const own = ['/healthz', '/socket.io', '/socket.io/x', '/style.css', '/chat', '/healthz/x', '/socket.iox']
    expect(own.map((path) => isOwnPath(path, files))).toEqual([true, true, true, true, false, false, false])
  })

  it('of a public folder are the files of its pages, at any depth, and nothing that was forgotten there', async () => {
    folder.put('public/style.css', '')
    folder.put('public/icons/door.svg', '')
    const forgotten = [
      '.env',
      '.git/config',
      '.hidden/page.js',
      'app.js.map',
      'corridor.db',
      'corridor.db-wal',
      'page.js~',
      'x.ts',
      'key.pem',
    ]
    for (const name of forgotten) folder.put(`public/${name}`, '')
    symlinkSync('/etc/hostname', `${folder.path}/public/link.txt`)
    expect([...(await publicFiles(`${folder.path}/public`))].sort()).toEqual(['/icons/door.svg', '/style.css'])
    expect(await publicFiles(`${folder.path}/none`)).toEqual(new Set())
  })
})
