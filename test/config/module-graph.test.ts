/** Whether the files of a room module are still as they were read. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ModuleGraph } from '../../src/config/module-graph.ts'

let folder: string
let graph: ModuleGraph
const put = (name: string, text: string) => writeFileSync(join(folder, name), text)

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'corridor-graph-')))
  put('room.ts', "import './helper.ts'\nimport './missing.ts'\n")
  put('helper.ts', 'export const n = 1\n')
  graph = new ModuleGraph()
  expect(graph.filesOf(join(folder, 'room.ts'))).toEqual([join(folder, 'room.ts'), join(folder, 'helper.ts')])
})
afterEach(() => rmSync(folder, { recursive: true }))

it('is up to date while nothing changes', () => {
  put('other.ts', '')
  expect(graph.isOutdated).toBe(false)
})

it('is outdated when an imported file changes', () => {
  put('helper.ts', 'export const n = 2\n')
  expect(graph.isOutdated).toBe(true)
})

it('is outdated when an imported file is removed', () => {
  rmSync(join(folder, 'helper.ts'))
  expect(graph.isOutdated).toBe(true)
})

it('is outdated when an imported file appears that was missing', () => {
  expect(graph.places).toContain(join(folder, 'missing.ts'))
  put('missing.ts', '')
  expect(graph.isOutdated).toBe(true)
})
