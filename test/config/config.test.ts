/** `rooms.json`: what a mount comes out as, and one line for each mistake. Paths and modules have their own files. */
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/config.ts'
import { RoomsFolder, rawRooms } from '../support/rooms-folder.ts'

let folder: RoomsFolder
beforeEach(() => {
  folder = new RoomsFolder()
})
afterEach(() => folder.remove())

describe('a mount', () => {
  it('has the defaults of the contract', async () => {
    const { mounts, server } = await folder.load(rawRooms('/a-room'))
    expect(mounts).toEqual([
      {
        pattern: '/a-room',
        module: 'raw',
        file: join(folder.path, 'raw.ts'),
        definition: { open: expect.any(Function) },
        kind: 'raw',
        title: 'A room',
        options: undefined,
        written: { module: 'raw' },
        history: { keep: 10_000, maxAgeMs: 7 * 86_400_000, replay: 50, durable: true, ids: 1_000_000 },
        limits: {
          peers: 10_000,
          perAddress: 100,
          payloadBytes: 65_536,
          rate: { perSecond: 20, burst: 40 },
          abuse: 10,
          json: { depth: 100, members: 10_000 },
          pieces: 144,
          controls: 250,
          batch: 100,
          waiting: 256,
          storageBytes: 1_048_576,
          ids: 1_000_000,
          bufferedBytes: 1_048_576,
          heartbeatMs: 25_000,
          messageTimeoutMs: 30_000,
          sendTimeoutMs: 30_000,
        },
        origins: 'same',
        protocols: [],
        compression: false,
        auth: undefined,
        idleAfterMs: 300_000,
        rejoinWithinMs: 5000,
        forgetAfterMs: undefined,
        page: undefined,
        instances: 10_000,
      },
    ])
    expect(server).toEqual({
      limits: {
        peers: 50_000,
        handshakes: { perSecond: 200, burst: 1000 },
        namespaces: 100,
        bufferedBytes: 512 * 1024 ** 2,
        storageBytes: 1024 ** 3,
        headersTimeoutMs: 10_000,
        requestTimeoutMs: 30_000,
      },
      socketio: true,
      origins: 'same',
    })
  })

  it('takes `defaults` deeply, and its own line before them', async () => {
    const { mounts } = await folder.load({
      defaults: {
        limits: { payload: '1KB', rate: { perSecond: 1, burst: 2 } },
        origins: ['https://a.example'],
        options: { label: 'all' },
      },
      rooms: {
        '/one': { module: 'event', limits: { rate: { burst: 9 } }, options: { every: '1m' } },
        '/two': { module: 'raw', origins: '*' },
      },
    })
    const [one, two] = mounts
    expect(one?.limits).toMatchObject({ payloadBytes: 1000, rate: { perSecond: 1, burst: 9 } })
    expect(one).toMatchObject({ origins: ['https://a.example'], options: { every: 60_000, label: 'all' } })
    expect(one?.written).toEqual({
      module: 'event',
      limits: { payload: '1KB', rate: { perSecond: 1, burst: 9 } },
      origins: ['https://a.example'],
      options: { label: 'all', every: '1m' },
    })
    // A module without options is not bothered by those in `defaults`.
    expect(two).toMatchObject({ origins: '*', options: undefined })
  })

  it('is an event room if the module declares messages, and gets parsed options', async () => {
    const { mounts } = await folder.load({ rooms: { '/e': { module: 'event' } } })
    expect(mounts[0]).toMatchObject({ kind: 'event', options: { every: 5000, label: 'server' } })
  })

  it.each([
    ['/chat-room', 'raw', 'Chat room'],
    ['/r/:name', 'raw', 'Raw'],
    ['/', './event.ts', 'Event'],
    ['/a/deep_path', 'raw', 'Deep path'],
  ])('at %s of module %s is called "%s"', async (path, module, title) => {
    const { mounts } = await folder.load({ rooms: { [path]: { module } } })
    expect(mounts[0]?.title).toBe(title)
  })

  it('is the same definition at every load, until the module changes', async () => {
    const first = await folder.load(rawRooms('/a'))
    const second = await folder.load(rawRooms('/a'))
    expect(second.mounts[0]?.definition).toBe(first.mounts[0]?.definition)

    folder.put('raw.ts', "export default { summary: 'changed', open: () => ({}) }\n")
    const third = await folder.load(rawRooms('/a'))
    expect(third.mounts[0]?.definition.summary).toBe('changed')
  })

  it('may have origins of web pages and of apps, made uniform', async () => {
    const origins = ['HTTPS://Example.org:443', 'http://localhost:8080', 'capacitor://localhost']
    const { mounts } = await folder.load({ rooms: { '/a': { module: 'raw', origins } } })
    expect(mounts[0]?.origins).toEqual(['https://example.org', 'http://localhost:8080', 'capacitor://localhost'])
  })
})

describe('limits', () => {
  it('allow a large message as many pieces as it needs, unless the line sets a number', async () => {
    const piecesOf = async (limits: object) =>
      (await folder.load({ rooms: { '/a': { module: 'raw', limits } } })).mounts[0]?.limits.pieces
    expect(await piecesOf({ payload: '1MiB' })).toBe(2048)
    expect(await piecesOf({ payload: '1MiB', pieces: 20 })).toBe(20)
  })

  it('that cannot be met are mistakes', async () => {
    const limits = { json: { depth: 0 }, pieces: 0, batch: 0.5, messageTimeout: '1ms', sendTimeout: 0 }
    const file = {
      rooms: { '/a': { module: 'raw', limits, rejoinWithin: '2h' } },
      server: { limits: { headersTimeout: '20s', requestTimeout: '10s' } },
    }
    expect(await folder.mistakes(file)).toEqual([
      'rooms./a.limits.json.depth: expected a whole number from 1 to 1000, got 0',
      'rooms./a.limits.pieces: expected a whole number from 1 to 1000000, got 0',
      'rooms./a.limits.batch: expected a whole number from 1 to 10000, got 0.5',
      'rooms./a.limits.messageTimeout: expected a duration from 1s to 24d, got "1ms"',
      'rooms./a.limits.sendTimeout: expected a duration from 1s to 24d, got 0',
      'rooms./a.rejoinWithin: expected a duration from 0 to 1h, got "2h"',
      'server.limits.headersTimeout: expected no more than requestTimeout, 10s, got "20s"',
    ])
  })
})

describe('mistakes', () => {
  it('are reported together, each with its place, what was expected and what came', async () => {
    const file = {
      defaults: { limits: { heartbeat: 'often' } },
      roms: {},
      rooms: {
        '/a': { module: 'raw', history: { keep: 'many', maxAge: '7w' }, titel: 'A', origins: ['https://x.example/a'] },
        '/b': { module: 'event', options: { every: 'now' }, limits: { rate: { perSecond: 0 } } },
        '/c': { module: 'gone' },
        '/d': 5,
        b: { module: 'raw' },
      },
      server: { limits: { handshakes: { burst: 0 } } },
    }
    expect(await folder.mistakes(file)).toEqual([
      'defaults.limits.heartbeat: expected a duration such as "500ms", "5s", "10m", "2h", "7d", got "often"',
      'rooms./a.history.keep: expected a whole number from 0 to 1000000000, got "many"',
      'rooms./a.history.maxAge: expected a duration such as "500ms", "5s", "10m", "2h", "7d", got "7w"',
      'rooms./a.origins.0: expected an origin such as "https://example.org", scheme, host and port alone, got "https://x.example/a"',
      'rooms./a.titel: no such key; did you mean "title"?',
      'rooms./b.limits.rate.perSecond: expected a number above 0, got 0',
      'rooms./d: expected an object {…}, got 5',
      'server.limits.handshakes.burst: expected a whole number from 1 to 1000000, got 0',
      'roms: no such key; did you mean "rooms"?',
      'rooms.b: expected a path that begins with "/"; write "/b"',
      'rooms./b.options.every: expected a duration such as "500ms", "5s", "10m", "2h", "7d", got "now"',
      `rooms./c.module: expected a room module, found no file ${folder.path}/gone.ts (.mts, .js, .mjs) and no installed package "gone"; make one, or mend the name`,
    ])
  })

  it('in a module are reported once, however many rooms use it', async () => {
    folder.put('bad.ts', 'export default 5\n')
    expect(await folder.mistakes({ rooms: { '/a': { module: 'bad' }, '/b': { module: 'bad' } } })).toEqual([
      `rooms./a.module: ${join(folder.path, 'bad.ts')}: expected "export default defineRoom({ … })", got 5`,
    ])
  })

  it.each([
    ['{\n  "rooms": {},\n}', '2:14: a "," before "}"; JSON allows none, remove it'],
    ['{\n  // no\n}', '2:3: a comment; JSON has none, remove it'],
    ['{ "rooms": { "/a": { "module": chat } } }', '1:32: expected a value, got "chat"'],
    ["{ 'rooms': {} }", '1:3: expected a key in double quotes, got "\'"'],
    ['{ "rooms": {}', '1:14: expected "," or "}", got the end of the file'],
    ['', '1:1: expected a value, got the end of the file'],
    ['{}\n[]', '2:1: expected nothing more, got "["'],
    ['{ "a": "x\ny" }', '1:8: expected a value, got "\\""'],
  ])('of JSON name line and column: %j', async (text, mistake) => {
    expect(() => JSON.parse(text)).toThrow()
    expect(await folder.mistakes(text)).toEqual([mistake])
  })

  it('are duplicate keys', async () => {
    const text = '{ "rooms": { "/a": { "module": "raw" }, "/a": { "module": "raw", "title": "A", "title": "B" } } }'
    expect(await folder.mistakes(text)).toEqual([
      'rooms./a: this key stands here twice; keep one',
      'rooms./a.title: this key stands here twice; keep one',
    ])
  })

  it('are options for a module that takes none', async () => {
    expect(await folder.mistakes({ rooms: { '/a': { module: 'raw', options: { every: '5s' } } } })).toEqual([
      'rooms./a.options: expected none, "raw" takes no options; remove them',
    ])
  })

  it('are a missing file, and a file that is something else', async () => {
    const gone = join(folder.path, 'gone.json')
    await expect(loadConfig(gone)).rejects.toThrow(`${gone}: expected a file that can be read, got ENOENT`)
    expect(await folder.mistakes([])).toEqual(['expected an object {…}, got a list of 0'])
    expect(await folder.mistakes({})).toEqual(['rooms: expected an object {…}, got nothing'])
  })

  it('never break anything by names of prototypes', async () => {
    const text = `{ "__proto__": {}, "rooms": { "__proto__": { "module": "raw" }, "/constructor": { "module": "constructor" },
      "/__proto__": { "module": "raw", "__proto__": { "title": "x" }, "toString": 1 } } }`
    const mistakes = await folder.mistakes(text)
    expect(mistakes).toHaveLength(5)
    expect(mistakes).toContain('rooms.__proto__: expected a path that begins with "/"; write "/__proto__"')
    expect(mistakes.join('\n')).toMatch(/^__proto__: no such key/m)
    expect(mistakes.join('\n')).toMatch(/^rooms\.\/__proto__\.__proto__: no such key/m)
    expect(mistakes.join('\n')).toMatch(/^rooms\.\/__proto__\.toString: no such key/m)
    expect(mistakes.join('\n')).toMatch(/^rooms\.\/constructor\.module: expected a room module/m)
    expect((await folder.load(rawRooms('/__proto__', '/constructor'))).mounts).toHaveLength(2)
  })
})
