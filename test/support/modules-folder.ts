/**
 * A folder of modules, and a Node of its own that imports them as the server does: inside the test runner imports go
 * another way.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'

const source = (name: string) => new URL(`../../src/${name}`, import.meta.url).href

export class ModulesFolder {
  /** In a folder of its own, so that a test may put something beside it. */
  readonly path = join(realpathSync(mkdtempSync(join(tmpdir(), 'corridor-modules-'))), 'rooms')

  constructor() {
    mkdirSync(this.path)
  }

  put(name: string, text: string): string {
    mkdirSync(join(this.path, name, '..'), { recursive: true })
    writeFileSync(join(this.path, name), text)
    return join(this.path, name)
  }

  /**
   * Runs statements and gives the lines they log. They may use `load(name)` (→ the default export, or `!` and the
   * message), `loadAll(...names)` (the same of several, as one reading of the rooms), and `put`.
   */
  async run(statements: string): Promise<string[]> {
    const script = `
      import { mkdirSync, writeFileSync } from 'node:fs'
      import { dirname } from 'node:path'
      import { importModule, resolveModule } from '${source('config/module-loader.ts')}'
      import { ModuleGraph } from '${source('config/module-graph.ts')}'
      import { defineRoom } from '${source('define.ts')}'
      const folder = ${JSON.stringify(this.path)}
      const put = (name, text) => {
        mkdirSync(dirname(folder + '/' + name), { recursive: true })
        writeFileSync(folder + '/' + name, text)
      }
      const loadAll = async (...names) => {
        const graph = new ModuleGraph()
        const all = []
        for (const name of names) {
          try { all.push(await importModule(resolveModule(name, folder), 5000, graph)) } catch (error) { all.push('! ' + error.message) }
        }
        return all
      }
      const load = async (name) => (await loadAll(name))[0]
      ${statements}`
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: this.path,
    })
    expect(stderr).toBe('')
    return stdout.trimEnd().split('\n')
  }

  remove(): void {
    rmSync(join(this.path, '..'), { recursive: true })
  }
}
