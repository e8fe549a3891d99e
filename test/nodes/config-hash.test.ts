/** When two nodes run the same, and when not. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { hashesOf } from '../../src/nodes/config-hash.ts'

/** A line of `rooms.json` whose module imports a file. */
function line({ keep = 10, helper = 'export const one = 1', pattern = '/chat' } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'corridor-hash-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'chat.js')
  writeFileSync(file, "import { one } from './helper.js'\nexport default one")
  writeFileSync(join(folder, 'helper.js'), helper)
  return { pattern, file, written: { module: 'chat', history: { keep, replay: 5 } } }
}

it('is the same for the same lines and files, wherever they are and in whatever order', () => {
  const other = { ...line(), written: { history: { replay: 5, keep: 10 }, module: 'chat' } }
  expect(hashesOf([other])).toEqual(hashesOf([line()]))
  expect(hashesOf([line(), line({ pattern: '/b' })])).toEqual(hashesOf([line({ pattern: '/b' }), line()]))
})

it('differs by a setting, a line, or a file that a module imports', () => {
  const { configHash, modulesHash } = hashesOf([line()])
  const setting = hashesOf([line({ keep: 11 })])
  expect(setting.configHash).not.toBe(configHash)
  expect(setting.modulesHash).toBe(modulesHash)
  expect(hashesOf([line(), line({ pattern: '/b' })]).configHash).not.toBe(configHash)
  const helper = hashesOf([line({ helper: 'export const one = 2' })])
  expect(helper.configHash).toBe(configHash)
  expect(helper.modulesHash).not.toBe(modulesHash)
})
