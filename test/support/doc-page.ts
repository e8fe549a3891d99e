/**
 * A page with a text area that is bound to a text of Yjs over a stock y-websocket provider, bundled from `node_modules`.
 * What is typed and what others change both keep the caret where it belongs.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const PAGE = '<!doctype html><meta charset="utf-8"><textarea></textarea><script type="module" src="page.js"></script>'

const SCRIPT = `
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'

const area = document.querySelector('textarea')
const doc = new Y.Doc()
const text = doc.getText('text')
// Two pages of one browser would otherwise hear each other without a server.
const provider = new WebsocketProvider(location.origin.replace('http', 'ws') + '/doc', 'tea', doc, { disableBc: true })
provider.on('status', ({ status }) => { document.body.dataset.status = status })
provider.on('sync', (isSynced) => { document.body.dataset.synced = isSynced })

area.addEventListener('input', () => {
  const [before, after] = [text.toString(), area.value]
  const most = Math.min(before.length, after.length)
  let start = 0
  while (start < most && before[start] === after[start]) start += 1
  let end = 0
  while (end < most - start && before.at(-1 - end) === after.at(-1 - end)) end += 1
  doc.transact(() => {
    text.delete(start, before.length - start - end)
    text.insert(start, after.slice(start, after.length - end))
  })
})

text.observe(({ delta }, { local }) => {
  if (local) return
  let caret = area.selectionStart
  let at = 0
  for (const { retain = 0, insert = '', delete: deleted = 0 } of delta) {
    if (insert && at < caret) caret += insert.length
    if (at < caret) caret -= Math.min(deleted, caret - at)
    at += retain + insert.length
  }
  area.value = text.toString()
  area.setSelectionRange(caret, caret)
})
`

/** Writes `page.html` and `page.js` to a folder. */
export async function writeDocPage(to: string): Promise<void> {
  // Below the root, so that its packages are found.
  const folder = mkdtempSync(join(ROOT, 'node_modules', '.doc-page-'))
  try {
    writeFileSync(join(folder, 'page.js'), SCRIPT)
    const built = await build({
      root: folder,
      configFile: false,
      logLevel: 'error',
      build: { write: false, lib: { entry: join(folder, 'page.js'), formats: ['es'] } },
    })
    const [{ output } = { output: [] }] = [built].flat().filter((each) => 'output' in each)
    const [chunk] = output
    if (chunk?.type !== 'chunk') throw new Error('expected a script, got nothing')
    mkdirSync(to, { recursive: true })
    writeFileSync(join(to, 'page.js'), chunk.code)
    writeFileSync(join(to, 'page.html'), PAGE)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
