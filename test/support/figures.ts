/**
 * Figures that tests measure, for who makes a table of them: where the environment names a file in `FIGURES`,
 * each is appended to it as a line of JSON.
 */
import { appendFileSync } from 'node:fs'

/** `test`: its name in the catalogue, like `F10`; `figure`: what was measured, with its unit. */
export function tell(test: string, figure: string, value: number | string): void {
  const file = process.env.FIGURES
  const rounded = typeof value === 'number' ? Math.round(value * 100) / 100 : value
  if (file) appendFileSync(file, `${JSON.stringify({ test, figure, value: rounded })}\n`)
}
