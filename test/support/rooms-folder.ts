/** A folder of its own for each test that reads `rooms.json`, with two modules in it: `raw` and `event`. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { type Config, loadConfig } from '../../src/config/config.ts'
import { ConfigError } from '../../src/mistakes.ts'

const RAW = `import { defineRoom } from 'corridor'
export default defineRoom({ open: () => ({}) })
`
const EVENT = `import { defineRoom, duration } from 'corridor'
import { z } from 'zod'
export default defineRoom({
  summary: 'An event room.',
  options: z.object({ every: duration.prefault('5s'), label: z.string().default('server') }),
  receives: { say: z.string() },
  sends: { said: z.string() },
  open: () => ({ receive: { say() {} } }),
})
`

export class RoomsFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'corridor-rooms-'))

  constructor() {
    this.put('raw.ts', RAW)
    this.put('event.ts', EVENT)
  }

  /** Writes a file. → its path */
  put(name: string, text: string): string {
    const file = join(this.path, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    return file
  }

  /** Loads `rooms.json` with this content: a text as it is, anything else as JSON. */
  load(content: unknown): Promise<Config> {
    return loadConfig(this.put('rooms.json', typeof content === 'string' ? content : JSON.stringify(content)))
  }

  /** Every mistake in this content, without the name of the file, which each must begin with. */
  async mistakes(content: unknown): Promise<string[]> {
    const error = await this.load(content).catch((error: unknown) => error)
    if (!(error instanceof ConfigError)) throw new Error('expected a ConfigError', { cause: error })
    const name = join(this.path, 'rooms.json')
    return error.mistakes.map((mistake) => {
      expect(mistake.slice(0, name.length + 1)).toBe(`${name}:`)
      return mistake.slice(name.length + 1).trim()
    })
  }

  remove(): void {
    rmSync(this.path, { recursive: true })
  }
}

/** The content of a `rooms.json` with the module `raw` at each path. */
export function rawRooms(...paths: string[]) {
  return { rooms: Object.fromEntries(paths.map((path) => [path, { module: 'raw' }])) }
}
