/**
 * A project as an operator has it: a working folder with `rooms/rooms.json`, in which the server runs as a process. It
 * begins with one raw room, `/echo`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { corridor, type Process } from './process.ts'

export const ECHO = `import { defineRoom } from 'corridor'
export default defineRoom({ open: () => ({ message: (peer, data) => peer.send(data) }) })
`

export class Project {
  path = ''
  readonly #processes: Process[] = []

  make(): void {
    this.path = join(mkdtempSync(join(tmpdir(), 'corridor-project-')), 'project')
    mkdirSync(join(this.path, 'rooms'), { recursive: true })
    this.put('rooms/echo.ts', ECHO)
    this.putRooms({ '/echo': { module: 'echo' } })
  }

  put(name: string, content: string): void {
    writeFileSync(join(this.path, name), content)
  }

  putRooms(rooms: Record<string, Record<string, unknown>>): void {
    this.put('rooms/rooms.json', JSON.stringify({ rooms }))
  }

  /** The server, started here on a free port. */
  start(env: Record<string, string> = {}, ...args: string[]): Process {
    return this.run(['start', ...args], env)
  }

  /** Any verb of the command line; what it started ends with the test. */
  run(args: readonly string[], env: Record<string, string> = {}): Process {
    return this.watch(corridor(args, this.path, { PORT: '0', ...env }))
  }

  /** Has a process end with the test. */
  watch(process: Process): Process {
    this.#processes.push(process)
    return process
  }

  async remove(): Promise<void> {
    await Promise.all(this.#processes.splice(0).map((process) => process.stop()))
    rmSync(join(this.path, '..'), { recursive: true })
  }
}

/** A project, made anew for each test of the file. */
export function openProject(): Project {
  const project = new Project()
  beforeEach(() => project.make())
  afterEach(() => project.remove())
  return project
}
