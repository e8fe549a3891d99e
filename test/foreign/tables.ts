/** The tables of a run: for people at its end, and in `docs/CLIENTS.md`, each between two comments. */
import type { Row } from './results.ts'

const HEADS: Record<Row['table'], readonly string[]> = {
  websocket: ['Client', 'Version', 'Compression', 'Token', 'Origin', 'Notes'],
  http: ['Client', 'Version', 'Works', 'Notes'],
  socketio: ['Client', 'Version', 'Transports', 'Notes'],
}
const NAMES = Object.keys(HEADS) as Row['table'][]

/** One line a client. */
export function tableOf(rows: readonly Row[]): string {
  const ran = rows.filter(({ cells }) => cells)
  return ran.map(({ client, cells = [] }) => `${[client, ...cells].filter(Boolean).join(' | ')}\n`).join('')
}

/** The page with the rows of the clients that ran; a table of which none ran stays as it is. */
export function withTables(page: string, rows: readonly Row[]): string {
  return NAMES.reduce((text, name) => {
    const own = rows.filter(({ table, cells }) => table === name && cells)
    return own.length > 0 ? withTable(text, name, own) : text
  }, page)
}

function withTable(page: string, name: Row['table'], rows: readonly Row[]): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const before = page.indexOf(begin)
  const after = page.indexOf(end)
  if (before === -1 || after < before) throw new Error(`expected ${begin} and ${end} in docs/CLIENTS.md`)
  const lines = [HEADS[name], HEADS[name].map(() => '---'), ...rows.map(({ client, cells = [] }) => [client, ...cells])]
  const table = lines.map((cells) => `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |')).join('\n')
  return `${page.slice(0, before + begin.length)}\n\n${table}\n\n${page.slice(after)}`
}
