/** Draws delivered events per second against offered load, one line a server, both axes logarithmic. */
import { contestant } from './contestants.ts'
import { short } from './report.ts'
import { type Run, runsOf } from './statistics.ts'

const WIDTH = 760
const HEIGHT = 460
const FRAME = { left: 70, right: 170, top: 40, bottom: 50 }
/** Distinguishable also with colour blindness; readable on light and on dark. */
const COLOURS = ['#d1495b', '#3d7dd8', '#c98a00', '#8a63c9', '#1f9d6b', '#7a8794']

interface Point {
  readonly x: number
  readonly y: number
}

/** The picture of one searched scenario as SVG; lines are the medians of what each offered load gave. */
export function plotText(
  runs: readonly Run[],
  scenario: { name: string; title: string; servers: readonly string[] },
): string {
  const lines = scenario.servers.map((server) => ({ server, points: pointsOf(runs, scenario.name, server) }))
  const all = lines.flatMap(({ points }) => points)
  if (all.length === 0) return ''
  const least = 10 ** Math.floor(Math.log10(Math.min(...all.map(({ x, y }) => Math.min(x, y)))))
  const most = 10 ** Math.ceil(Math.log10(Math.max(...all.map(({ x, y }) => Math.max(x, y)))))
  const along = (value: number) => Math.log10(value / least) / Math.log10(most / least)
  const x = (value: number) => round(FRAME.left + along(value) * (WIDTH - FRAME.left - FRAME.right))
  const y = (value: number) => round(HEIGHT - FRAME.bottom - along(value) * (HEIGHT - FRAME.top - FRAME.bottom))
  const ticks = Array.from({ length: Math.round(Math.log10(most / least)) + 1 }, (_, i) => least * 10 ** i)
  const grid = ticks.flatMap((tick) => [
    `<path class="grid" d="M${x(tick)} ${y(least)}V${y(most)}M${x(least)} ${y(tick)}H${x(most)}"/>`,
    `<text x="${x(tick)}" y="${y(least) + 18}" text-anchor="middle">${short(tick)}</text>`,
    `<text x="${x(least) - 8}" y="${y(tick) + 4}" text-anchor="end">${short(tick)}</text>`,
  ])
  const drawn = lines.flatMap(({ server, points }, i) => {
    const colour = COLOURS[i % COLOURS.length]
    const legendY = FRAME.top + 14 + i * 22
    const path = points.map((point, j) => `${j === 0 ? 'M' : 'L'}${x(point.x)} ${y(point.y)}`).join('')
    return [
      `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      ...points.map((point) => `<circle cx="${x(point.x)}" cy="${y(point.y)}" r="3" fill="${colour}"/>`),
      `<path d="M${WIDTH - FRAME.right + 16} ${legendY - 4}h18" stroke="${colour}" stroke-width="3"/>`,
      `<text x="${WIDTH - FRAME.right + 40}" y="${legendY}">${contestant(server).title}</text>`,
    ]
  })
  const middle = (HEIGHT - FRAME.bottom + FRAME.top) / 2
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Delivered events per second against offered load">
<style>
text { font: 12px system-ui, sans-serif; fill: #333 }
.grid { stroke: #8884; fill: none }
.ideal { stroke: #888; stroke-dasharray: 4 4; fill: none }
@media (prefers-color-scheme: dark) { text { fill: #ccc } }
</style>
<text x="${FRAME.left}" y="22">${scenario.title}: delivered events/s against offered events/s</text>
${grid.join('\n')}
<path class="ideal" d="M${x(least)} ${y(least)}L${x(most)} ${y(most)}"/>
${drawn.join('\n')}
<text x="${(FRAME.left + WIDTH - FRAME.right) / 2}" y="${HEIGHT - 10}" text-anchor="middle">offered events/s</text>
<text x="16" y="${middle}" text-anchor="middle" transform="rotate(-90 16 ${middle})">delivered events/s</text>
</svg>
`
}

/** The median of what was delivered at about the same offered load (within an eighth), from the lowest load on. */
function pointsOf(runs: readonly Run[], scenario: string, server: string): Point[] {
  const groups = new Map<number, Point[]>()
  for (const { result } of runsOf(runs, scenario, server)) {
    for (const { offeredPerSecond: x, deliveredPerSecond: y } of result?.steps ?? []) {
      if (x <= 0 || y <= 0) continue
      const group = Math.round(Math.log2(x) * 8)
      groups.set(group, [...(groups.get(group) ?? []), { x, y }])
    }
  }
  const middle = (points: Point[], axis: 'x' | 'y') =>
    points.map((point) => point[axis]).toSorted((a, b) => a - b)[Math.floor(points.length / 2)] as number
  return [...groups.values()]
    .map((points) => ({ x: middle(points, 'x'), y: middle(points, 'y') }))
    .sort((a, b) => a.x - b.x)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
