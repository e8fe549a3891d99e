/** `"${NAME}"` in `rooms.json` is an environment variable: filled in everywhere, missed with its place, never said. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/config.ts'
import { ConfigError } from '../../src/mistakes.ts'
import { RoomsFolder } from '../support/rooms-folder.ts'

let folder: RoomsFolder
beforeEach(() => {
  folder = new RoomsFolder()
})
afterEach(() => folder.remove())

const SECRET = 'a secret of 32 bytes, from outside'
const ref = (name: string) => `\${${name}}`
const load = (content: object, variables: Record<string, string> = {}) =>
  loadConfig(folder.put('rooms.json', JSON.stringify(content)), { variables })

async function mistakes(content: object, variables: Record<string, string> = {}): Promise<string[]> {
  const error = await load(content, variables).catch((error: unknown) => error)
  if (!(error instanceof ConfigError)) throw new Error('expected a ConfigError', { cause: error })
  return error.mistakes.map((mistake) => mistake.slice(mistake.indexOf('rooms.json: ') + 'rooms.json: '.length))
}

describe('a variable', () => {
  it('stands for itself in any text, whole or within a longer one', async () => {
    const { mounts, server } = await load(
      {
        defaults: { limits: { payload: ref('SIZE') } },
        rooms: {
          '/a': {
            module: ref('MODULE'),
            title: `Room of ${ref('WHO')} & ${ref('WHO')}`,
            options: { label: `$${ref('WHO')} costs $5` },
            origins: [`https://*.${ref('SITE')}`],
            auth: { secret: ref('JWT_SECRET') },
          },
        },
        server: { origins: [`https://${ref('SITE')}`] },
      },
      { MODULE: 'event', WHO: 'Ann', SITE: 'example.org', JWT_SECRET: SECRET, SIZE: '1KiB' },
    )
    expect(mounts[0]).toMatchObject({
      module: 'event',
      title: 'Room of Ann & Ann',
      options: { label: `${ref('WHO')} costs $5` },
      origins: ['https://*.example.org'],
      auth: { secret: SECRET },
      limits: { payloadBytes: 1024 },
    })
    expect(server.origins).toEqual(['https://example.org'])
  })

  it('that is not set, or empty, or no name is a mistake with its place, reported once', async () => {
    const content = {
      defaults: { auth: { secret: ref('JWT_SECRET') } },
      rooms: {
        '/a': { module: 'event', title: `Room ${ref('EMPTY')}`, origins: [ref('A-B')] },
        '/b': { module: ref('HALF').slice(0, -1) },
      },
    }
    const plain = 'write "$${" where "${" is meant as it stands'
    expect(await mistakes(content, { EMPTY: '' })).toEqual([
      `defaults.auth.secret: expected the environment variable JWT_SECRET, which is not set; set it, or ${plain}`,
      `rooms./a.title: expected the environment variable EMPTY, which is not set; set it, or ${plain}`,
      `rooms./a.origins.0: expected the name of an environment variable in "${ref('NAME')}", got "${ref('A-B')}"; ${plain}`,
      `rooms./b.module: expected the name of an environment variable in "${ref('NAME')}", got "${ref('HALF').slice(0, -1)}"; ${plain}`,
    ])
  })

  it('is nothing that an object has by itself', async () => {
    const [mistake] = await mistakes({ rooms: { '/a': { module: 'raw', title: ref('constructor') } } })
    expect(mistake).toContain('expected the environment variable constructor, which is not set')
  })

  it('never appears in a message, whatever the message and however long its value', async () => {
    const long = 'hunter2"'.repeat(40)
    folder.put(
      'picky.ts',
      `import { z } from 'zod'
      const label = z.string().refine(() => false, { error: ({ input }) => 'expected less than ' + input })
      export default { options: z.object({ label, size: z.int() }), open: () => ({}) }`,
    )
    const messages = await mistakes(
      {
        rooms: {
          '/a': { module: `${ref('LONG')}`, limits: { heartbeat: ref('LONG') } },
          '/b': { module: 'picky', options: { label: ref('SHORT'), size: `is ${ref('LONG')}` } },
          '/c': { module: 'raw', origins: [`not ${ref('SHORT')}`], auth: { secret: ref('SHORT') } },
        },
      },
      { LONG: long, SHORT: 'hunter3' },
    )
    expect(messages.join('\n')).not.toContain('hunter')
    expect(messages).toHaveLength(6)
    expect(messages.join('\n')).toContain(
      `limits.heartbeat: expected a duration such as "500ms", "5s", "10m", "2h", "7d", got "${ref('LONG')}…"`,
    )
    expect(messages.join('\n')).toContain(`options.label: expected less than ${ref('SHORT')}`)
  })
})
