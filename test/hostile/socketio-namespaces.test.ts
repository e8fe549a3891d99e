/**
 * Connects to namespaces that are too many, unknown, pending, or asked for with `auth` that is no good (catalogue: F9).
 * Each is answered on its own connection alone, and nothing stays behind of what was asked for.
 */
import { describe, expect, it } from 'vitest'
import { defineRoom } from '../../src/define.ts'
import { gauges, openBesieged, talk } from '../support/besieged.ts'
import { tellWrong } from '../support/figures.ts'

/** How many namespaces a connection may hold. */
const MOST = 100

let admitted = 0
let release: (() => void)[] = []

/** Lets nobody in before the test says so. */
const slow = defineRoom({
  ...talk,
  admit: () => {
    admitted += 1
    return new Promise<boolean>((resolve) => release.push(() => resolve(true)))
  },
})

const siege = openBesieged({
  rooms: {
    '/r/:name': { definition: talk },
    '/slow': { definition: slow },
    '/closed': { definition: talk, auth: { secret: 'a secret of thirty-two bytes, or more' } },
  },
})

tellWrong('F9', 'wrong answers to connects')

describe('a connection', () => {
  it('that asks for thousands of rooms that are not there is ended, and leaves none', async () => {
    const attacker = await siege.open()
    for (let at = 0; at < 3000 && !attacker.peer.hasClosed; at += 1) await attacker.say(`40/nothing-${at},`)
    await attacker.peer.closed()
  })

  it('that joins room after room under a path with parameters is stopped, and leaves none', async () => {
    const attacker = await siege.open()
    for (let at = 0; at < 1000 && !attacker.peer.hasClosed; at += 1) await attacker.say(`40/r/${at},`)
    const { '/r/:name': most = 0 } = await gauges(siege.server)
    expect(most).toBeLessThanOrEqual(MOST)
  })

  it('that asks for the same room again while it is not answered joins it once, or ends', async () => {
    const attacker = await siege.open()
    for (let at = 0; at < 50; at += 1) await attacker.say('40/slow,')
    await expect.poll(() => admitted).toBeGreaterThan(0)
    expect(admitted).toBe(1)
    for (const go of release) go()
    release = []
    await attacker.heard('40/slow,')
    await attacker.say('41/slow,')
    await attacker.say('40/talk,')
    await attacker.heard('42/talk,["welcome"')
  })

  it('that leaves while it is not answered takes no place', async () => {
    admitted = 0
    const attackers = await Promise.all(Array.from({ length: 20 }, () => siege.open()))
    for (const attacker of attackers) await attacker.say('40/slow,')
    await expect.poll(() => admitted).toBe(20)
    for (const attacker of attackers) attacker.destroy()
    for (const go of release) go()
    release = []
    await expect.poll(() => gauges(siege.server)).toEqual({ '/talk': 2 })
  })

  it('that joins and leaves the same room over and over leaves nothing behind', async () => {
    const attacker = await siege.open()
    for (let at = 0; at < 50; at += 1) {
      await attacker.say('40/talk,')
      expect(await attacker.heard('42/talk,["welcome"')).toBeDefined()
      await attacker.say('41/talk,')
      // A connect in the same packet of the network would come before the disconnect is worked off, and end it.
      await attacker.say('40/nothing,')
      expect(await attacker.heard('44/nothing,')).toBeDefined()
    }
  })
})

describe('a name of a namespace', () => {
  const NAMES = [
    '/__proto__',
    '/constructor',
    '/toString',
    '//',
    '//talk',
    '/talk/',
    '/./talk',
    '/x/../talk',
    '/%74alk%00',
    '/%',
    '/%E0%A4%A',
    '/r/',
    `/r/${'n'.repeat(5000)}`,
    `/${'n'.repeat(60_000)}`,
    '/r/\u0000',
    '/socket.io/',
    '/metrics',
    '/r/a\r\nb',
  ]

  it.each(NAMES)('that is no path of a room, or is written in another way, does no harm: %j', async (name) => {
    const attacker = await siege.open()
    await attacker.say(`40${name},`)
    const answer = await attacker.heard('4')
    if (answer !== undefined) expect(answer).toMatch(/^(?:40|44.*"code")/s)
  })

  it.each(['//', '/talk?token[]=1', '/%', '/talk?', 'http://['])('of version 2 that is none: %j', async (name) => {
    const attacker = await siege.open({ version: 3 })
    await attacker.say(`40${name},`)
    await attacker.say('41/talk,')
  })
})

describe('auth', () => {
  const deep = `{"token":${'['.repeat(30_000)}${']'.repeat(30_000)}}`
  const AUTH: [string, string][] = [
    ['a token that is an object', '{"token":{"a":1}}'],
    ['a token of 60 KiB', `{"token":"${'t'.repeat(60_000)}"}`],
    ['a token with line breaks', '{"token":"a\\r\\nX-Y: 1"}'],
    ['a name that is a list', '{"name":["a"]}'],
    ['a client that is a number', '{"client":5}'],
    ['an offset that is an object', '{"offset":{}}'],
    ['an offset that is huge', `{"offset":"${'9'.repeat(60_000)}"}`],
    ['an offset that is none', '{"offset":"-2"}'],
    ['levels without end', deep],
    ['a prototype', '{"__proto__":{"token":"x"}}'],
    ['a private id that is guessed', '{"pid":"guessed","offset":"0_0000000000000001"}'],
    ['a private id of a prototype', '{"pid":"__proto__","offset":"__proto__"}'],
    ['a private id of 60 KiB', `{"pid":"${'p'.repeat(60_000)}","offset":"0"}`],
    ['private id and offset of wrong types', '{"pid":{"toString":1},"offset":[]}'],
    ['a private id without an offset', '{"pid":"guessed"}'],
    ['an offset of another room', `{"pid":"p","offset":"${'a'.repeat(32)}_0000000000000005"}`],
  ]

  it.each(AUTH)('that is no good is refused, ignored, or ends its sender: %s', async (_, auth) => {
    const attacker = await siege.open()
    await attacker.say(`40/talk,${auth}`)
    const answer = await attacker.heard('4')
    if (answer?.startsWith('40')) expect(await attacker.fate('/talk')).toBe('served')
    else if (answer !== undefined) expect(answer).toMatch(/^44\/talk,\{"message":.*"data":\{"code":/)
  })

  it.each(AUTH)('that is no good opens no room that asks for a token: %s', async (_, auth) => {
    const attacker = await siege.open()
    await attacker.say(`40/closed,${auth}`)
    expect((await attacker.heard('4')) ?? '44').toMatch(/^44/)
  })

  it('of a megabyte ends its sender', async () => {
    const attacker = await siege.open()
    await attacker.say(`40/talk,{"name":"${'n'.repeat(2 ** 20)}"}`)
    await attacker.peer.closed()
  })
})
